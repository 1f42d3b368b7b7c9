"""Many settings of one exercise, each with many seeds."""

"""The commands that look at runs on the disk."""

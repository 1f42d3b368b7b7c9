"""What `mlpzoo explain` prints: a calculation by hand, what came of it, where the notes slip."""

"""Small networks for a function or a table of one's own; `mlpzoo.fit` is the door."""

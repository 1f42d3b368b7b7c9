"""Exercises that need a function or a table of the user's own; `mlpzoo fit` asks for it."""

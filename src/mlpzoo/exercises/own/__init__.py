"""Exercises that need a function or a table of the user's own; `mlpzoo fit` asks for it."""

NETWORK = {"activation": "tanh", "optimizer": "levenberg", "lr": 1.0}  # arguments of both modules

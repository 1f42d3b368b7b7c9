"""Gradients by the chain rule, factor by factor, with the names that the notes have."""

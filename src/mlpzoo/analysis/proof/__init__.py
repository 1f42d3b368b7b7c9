"""Proved bounds of errors, and how far around a point an answer stays right."""

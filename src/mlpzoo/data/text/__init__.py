"""Functions written as text; reading one runs no code."""

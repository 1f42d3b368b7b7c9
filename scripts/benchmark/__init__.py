"""Measures mlpzoo beside the lecture's plain loops, Lightning by default and other packages."""

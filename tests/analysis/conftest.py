import pytest

from mlpzoo import load_pretrained, pieces

RANGES = {"sin": (-10, 10), "square": (-100, 100)}


@pytest.fixture(scope="session")
def trained_pieces():
    """The pieces of the two trained curves of the package, by name."""
    return {name: pieces(load_pretrained(name), *ends) for name, ends in RANGES.items()}

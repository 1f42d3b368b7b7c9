"""`python -m mlpzoo`."""

from mlpzoo.cli import script

if __name__ == "__main__":
    script()

"""The work of a population or a sweep: its pieces, and the processes that share them."""

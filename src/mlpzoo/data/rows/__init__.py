"""Tables of numbers in files: how they are read, what is wrong with them, how they are written."""

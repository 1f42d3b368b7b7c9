"""How the members of a population are made, kept, trained and diagnosed."""

"""Pages: a network or a run as one HTML file that needs nothing else."""

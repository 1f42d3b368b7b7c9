"""What is on disk: run folders, checkpoints, states, metrics.csv, snapshots."""

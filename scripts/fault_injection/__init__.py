"""Proof of docs/guarantees.md: kills, signals, damaged files, nonsense, full disks, crowds."""

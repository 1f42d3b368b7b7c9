"""Faster ways to take the steps of known networks, each tried against autograd beforehand."""

KERNELS = AUTO, NUMBA, TORCH = "auto", "numba", "torch"  # what can be asked for

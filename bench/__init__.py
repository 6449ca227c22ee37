"""Benchmarks of the synthesis, and the baseline that it is compared with."""

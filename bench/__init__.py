"""Benchmarks whose figures stand in docs/benchmarks.md."""

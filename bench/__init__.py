"""Benchmarks: each `python -m bench.NAME` prints its table and, with --json, one JSON object as its last line."""

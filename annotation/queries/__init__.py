"""Reads, by domain; each returns a QuerySet or a value and writes nothing."""

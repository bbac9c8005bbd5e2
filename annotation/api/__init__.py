"""The API: what a program may ask for, by token. Each view states its scope, reads one input, calls one thing, writes one output."""

"""The API: what a program may ask for, by token."""

"""Writes, one verb each, keyword-only, in one transaction: judging, memes, people."""

"""Readers of what people already have: each yields plain nouns and refusals, so that one bad row never stops the rest."""

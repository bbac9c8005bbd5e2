"""The starter pack: meme templates drawn by code, with captions, so that there is something to judge."""

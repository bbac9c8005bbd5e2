"""What a meme, a comparison and a dataset are: plain Python, no Django, no torch."""

"""People judging memes: templates, memes, pairs, assignments, judgments, and the pages for them."""

"""Pages, by domain. Each view says who may use it, parses, calls one thing, and renders."""

"""How the starter pack is drawn: a canvas, three recurring creatures, and the scenes they get into."""

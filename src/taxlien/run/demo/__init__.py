"""Demo liens: synthetic, drawn from a seed, so that a first visit has something to search."""

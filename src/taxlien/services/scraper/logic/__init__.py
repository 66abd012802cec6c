"""Pure decisions of collecting: what a site is, what a page asks for next, what a run is worth."""

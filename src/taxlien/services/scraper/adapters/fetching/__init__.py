"""How pages come: one careful way to ask a county's host, and what may go wrong on it."""

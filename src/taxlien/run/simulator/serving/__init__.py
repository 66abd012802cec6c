"""HTTP by hand: fast, and able to misbehave on purpose."""

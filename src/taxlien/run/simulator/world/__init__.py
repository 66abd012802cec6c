"""What the played counties know: pure functions of a seed, a county, a number and a day."""

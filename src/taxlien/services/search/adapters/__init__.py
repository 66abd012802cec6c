"""What search talks to: the engine that keeps the index, and the catalogue it is rebuilt from."""

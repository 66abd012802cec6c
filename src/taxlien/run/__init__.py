"""Composes and launches: the command line, the embedded stack, one process out of many services."""

"""Pure decisions of auth."""

"""Pure decisions of users: they need nothing running."""

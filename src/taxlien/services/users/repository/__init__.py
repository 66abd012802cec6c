"""Every query of users, by what it is about."""

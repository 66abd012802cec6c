"""Every query of ml."""

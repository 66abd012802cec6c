"""TAXLIEN.online: one code base, fifteen services, two shapes (see docs/architecture.md)."""

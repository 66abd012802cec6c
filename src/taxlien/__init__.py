"""TAXLIEN.online: one code base, fifteen services, two shapes (see docs/architecture.md)."""

__version__ = "0.1.0"

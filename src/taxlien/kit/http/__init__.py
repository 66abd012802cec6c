"""HTTP as every service speaks it: problems, pages, idempotency, health, sessions, calls to others."""

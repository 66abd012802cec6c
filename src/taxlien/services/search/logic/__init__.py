"""What search decides without any engine running: queries, documents, what an investor pays and earns."""

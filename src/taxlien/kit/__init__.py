"""Technical parts that every service shares. Knows nothing of liens, and imports nothing above it."""

"""Whether a model still fits the world: drift of what it sees, drift of what comes true, and trials."""

"""One file per command of ``taxlien``. Each offers ``register(app)`` and imports heavy parts when called."""

"""What may be watched, what a change of it means, and when a sale begins: decisions without I/O."""

"""What auth needs of the outside: Valkey, a bounded place to hash in, breached passwords."""

"""The outside world of users: the object store, pictures, lists of names."""

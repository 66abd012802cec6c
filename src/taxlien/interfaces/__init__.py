"""What services may know of each other: events and client calls, as plain typed data."""

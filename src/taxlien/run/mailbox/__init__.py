"""The local mailbox: takes every mail the product sends on this machine, and shows it in a page."""

"""Every query of search on its own tables, by what they keep."""

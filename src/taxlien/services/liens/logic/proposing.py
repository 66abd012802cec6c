"""Propose a mapping."""
def find_header(rows):
    return rows[0], 1

"""What the portfolio asks of others: the catalogue, and where parts of an export lie."""

"""What the portfolio asks of others: the catalogue."""

"""Every query of the portfolio: watches, what was told of them, and sales that come."""

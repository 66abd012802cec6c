"""Which liens to buy with a budget: scenarios of what they return, three ways to choose, one judge."""

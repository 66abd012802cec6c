"""What each feature shares in the answer of a forest: exact Shapley values, read from tables."""

"""Whether a lien is redeemed, and when."""

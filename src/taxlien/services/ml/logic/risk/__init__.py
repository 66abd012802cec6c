"""How risky a lien is: what is expected to be lost of 100 dollars, and what no score may hide."""

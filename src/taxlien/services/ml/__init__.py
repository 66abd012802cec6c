"""Models that tell the truth: how likely and when a lien is redeemed, what it goes for, how risky it is.

Owns: nothing
Emits: nothing
Listens: nothing
Asks: nothing
"""

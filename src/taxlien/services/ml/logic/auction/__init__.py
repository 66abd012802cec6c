"""What a lien or a deed goes for at its sale: the rate bid down to, the bid for the property, the premium."""

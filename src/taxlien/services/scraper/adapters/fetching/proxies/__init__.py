"""Other ways out, for publishers who allow collecting and whose network does not know us. Off by default."""

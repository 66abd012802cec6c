"""Models that tell the truth: how likely and when a lien is redeemed, what it goes for, how risky it is.

Owns: schema ml: liens, appointments; MLflow's tables in schema mlflow
Emits: nothing
Listens: lien.created, lien.changed, lien.status_changed
Asks: nothing
"""

"""Models that tell the truth: how likely and when a lien is redeemed, what it goes for, how risky it is.

Owns: schema ml: liens, appointments, scores, trials, exposures, trial_measures,
    checks; MLflow's tables in schema mlflow
Emits: lien.scored, model.exposed, model.alerted
Listens: lien.created, lien.changed, lien.status_changed
Asks: nothing
"""

"""Training in the app: form, charts, results."""

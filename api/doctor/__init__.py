"""`certlib doctor`: what an operator asks before a start, while the service runs, after an upgrade.

One small module for each concern; each check looks, changes nothing, and says in a sentence what
is wrong and what to do. `api.doctor.instruments` is the only one that touches the adapters.
"""

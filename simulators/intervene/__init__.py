"""Interventions on a subject: how it is scanned, the states of its regions, redraws."""

"""Helpers that metrics share; no plug-ins."""

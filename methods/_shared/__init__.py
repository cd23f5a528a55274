"""Helpers that methods share; no plug-ins."""

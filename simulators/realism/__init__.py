"""Realism: healthy simulated brains measured as people's are, beside published norms."""

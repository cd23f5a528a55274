"""Drift: what moved between two studies, by how much, and how sure that is."""

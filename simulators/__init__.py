"""Simulators: synthetic brains whose pathology, and therefore whose truth, is known."""

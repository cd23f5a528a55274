"""Artefacts and scores on disk, found by the hash of everything that made them."""

"""Anatomies: where tissue is, where regions are, and how both vary between subjects."""

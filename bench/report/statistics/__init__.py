"""Statistics of scores: intervals, multiplicity, variance components, ranks."""

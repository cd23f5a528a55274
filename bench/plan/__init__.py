"""The plan of a study: which cells there are, their keys and states, and what they will cost."""

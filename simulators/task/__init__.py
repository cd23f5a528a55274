"""Tasks: what a subject's label is, which pathology state it implies, and which score is explained."""

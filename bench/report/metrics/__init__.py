"""Tables about metrics and models rather than methods."""

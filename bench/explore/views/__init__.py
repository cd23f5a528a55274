"""What else can be seen of a model than a map of one image: one module a view, each usable alone."""

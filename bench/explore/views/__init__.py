"""Views of a model beside the map of one image: one module per view, each usable alone."""

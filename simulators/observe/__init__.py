"""Reference observers: how separable the classes are."""

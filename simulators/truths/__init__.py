"""Truths: of the explained subjects, of what is no disease, and of the population, whoever looks at it."""

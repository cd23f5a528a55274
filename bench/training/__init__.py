"""Training of models: recipes, descent, objectives with their gate, transfer, and changes of the training subjects."""

"""Configuration: what the user types as plain nodes, and nodes as objects."""

"""From what the user types to plain nodes, and from nodes to objects."""

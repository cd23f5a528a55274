"""Rankings of methods: cells, contests, comparisons, floors, standing, violations."""

"""Truths of a population: what every region and voxel says of the label, whoever looks at it."""

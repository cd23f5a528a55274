"""A world of eight voxels a side in which a study takes seconds, and methods that misbehave."""

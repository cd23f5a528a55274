"""Space: grids, places, and which voxel of one scan shows what a voxel of another does."""

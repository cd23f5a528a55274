"""Pathologies: each turns part of some tissues into fluid, so that a planted voxel's truth is the share it lost."""

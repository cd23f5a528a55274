"""Pathologies: each turns part of some tissues into fluid or lesion; a voxel's planted truth is the share it lost."""

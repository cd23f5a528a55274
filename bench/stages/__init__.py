"""Stages of a unit: one object in one file each, found by looking through the folder, beside what makes values."""

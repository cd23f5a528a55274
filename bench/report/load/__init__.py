"""A study on disk, as data frames."""

"""The page: one HTML file built from tables and panels."""

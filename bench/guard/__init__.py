"""Limits of a plug-in: what it is lent and may not change, the process it runs in and the values others are made from."""

"""Limits of plug-ins: what they are lent and may not change, the process and the values that others are made from."""

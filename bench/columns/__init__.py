"""Columns of every table in a study's folder, declared once for those who write and those who read them.

A room of its own and not part of the contracts: importing those imports torch, which the report does without.
"""

"""Columns of every table in a study's folder, declared once for those who write and those who read them.

Beside them what names in these columns are made of: `metric_names`, `region_names`. A room of its own below the
contracts: importing those imports torch, which the report does without.
"""

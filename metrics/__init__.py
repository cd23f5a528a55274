"""Metrics: one idea a file, found by the `_target_` of a YAML in `conf/metric`."""

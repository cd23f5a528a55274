"""Conformance of plug-ins: plain functions chosen by what a plug-in says of itself, without a test framework.

A check raises AssertionError with a sentence that says what is wrong. `methods` holds those for methods, `metrics`
those for metrics; each has `applicable(plugin)`, the list of checks that plug-in has to pass.
"""

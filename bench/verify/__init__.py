"""Verification of plug-ins: conformance, audits of simulators, and other people's libraries."""

"""Plumbline's harness: it plans, launches, stores and reports; the science lives in the plug-ins."""

__version__ = "0.1.0"

"""What plug-ins and the harness agree on. Plug-ins import this and `bench.passes`, nothing else of `bench`."""

from bench.contracts.audit import Audit
from bench.contracts.context import Context
from bench.contracts.data import Attribution, Batch, Cohort, Status, Truth, View
from bench.contracts.errors import BadInput, Undefined, Unsupported
from bench.contracts.plugins import Method, Metric, Network
from bench.contracts.simulator import Simulator
from bench.contracts.tags import MethodTags, MetricTags

__all__ = [
    "Attribution",
    "Audit",
    "BadInput",
    "Batch",
    "Cohort",
    "Context",
    "Method",
    "MethodTags",
    "Metric",
    "MetricTags",
    "Network",
    "Simulator",
    "Status",
    "Truth",
    "Undefined",
    "Unsupported",
    "View",
]

"""What plug-ins and the harness agree on. Plug-ins import this and `bench.passes`, nothing else of `bench`."""

from bench.contracts.arguments import bounded, impossible
from bench.contracts.bounds import (
    Above,
    AtLeast,
    Between,
    Count,
    Multiple,
    NonNegative,
    Part,
    Positive,
    Share,
    Subjects,
)
from bench.contracts.context import Context
from bench.contracts.data import Attribution, Batch, Cohort, Status, Truth, View
from bench.contracts.errors import BadInput, Undefined, Unsupported
from bench.contracts.files import FromFiles
from bench.contracts.plugins import (
    ELSEWHERE,
    CompareMetric,
    Explain,
    ExplainerMetric,
    GroupMetric,
    MapMetric,
    Method,
    Metric,
    ModelMetric,
    Models,
    Network,
    Outputs,
    Perturbation,
    SelfFitting,
    Simulator,
    Target,
)
from bench.contracts.tags import MethodTags, MetricTags
from bench.contracts.validity import Validity

__all__ = [
    "ELSEWHERE",
    "Above",
    "AtLeast",
    "Attribution",
    "BadInput",
    "Batch",
    "Between",
    "Cohort",
    "CompareMetric",
    "Context",
    "Count",
    "Explain",
    "ExplainerMetric",
    "FromFiles",
    "GroupMetric",
    "MapMetric",
    "Method",
    "MethodTags",
    "Metric",
    "MetricTags",
    "ModelMetric",
    "Models",
    "Multiple",
    "Network",
    "NonNegative",
    "Outputs",
    "Part",
    "Perturbation",
    "Positive",
    "SelfFitting",
    "Share",
    "Simulator",
    "Status",
    "Subjects",
    "Target",
    "Truth",
    "Undefined",
    "Unsupported",
    "Validity",
    "View",
    "bounded",
    "impossible",
]

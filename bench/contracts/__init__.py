"""Contracts between plug-ins and the harness. Plug-ins import this and `bench.passes`, nothing else of `bench`."""

from bench.columns.metric_names import LayerStep, RegionColumn
from bench.columns.region_names import RegionName
from bench.contracts.arguments import bounded, impossible, require
from bench.contracts.audit import Audit
from bench.contracts.bounds import (
    Above,
    AtLeast,
    Between,
    Count,
    Finite,
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
from bench.contracts.files import FromFiles, participant, users_path
from bench.contracts.names import known
from bench.contracts.plugins import (
    ELSEWHERE,
    CompareMetric,
    Explain,
    ExplainerMetric,
    GroupMetric,
    KnownMechanism,
    MapMetric,
    Method,
    Metric,
    ModelMetric,
    Models,
    Network,
    Outputs,
    Perturbation,
    SelfFitting,
    Target,
)
from bench.contracts.realism import BesideNorm, Realism, Spectrum
from bench.contracts.redraws import Redraws
from bench.contracts.simulator import Simulator
from bench.contracts.tags import BlindSpot, MethodTags, MetricTags
from bench.contracts.validity import Validity
from bench.contracts.visits import Visit, courses, require_courses

__all__ = [
    "ELSEWHERE",
    "Above",
    "AtLeast",
    "Attribution",
    "Audit",
    "BadInput",
    "Batch",
    "BesideNorm",
    "Between",
    "BlindSpot",
    "Cohort",
    "CompareMetric",
    "Context",
    "Count",
    "Explain",
    "ExplainerMetric",
    "Finite",
    "FromFiles",
    "GroupMetric",
    "KnownMechanism",
    "LayerStep",
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
    "Realism",
    "Redraws",
    "RegionColumn",
    "RegionName",
    "SelfFitting",
    "Share",
    "Simulator",
    "Spectrum",
    "Status",
    "Subjects",
    "Target",
    "Truth",
    "Undefined",
    "Unsupported",
    "Validity",
    "View",
    "Visit",
    "bounded",
    "courses",
    "impossible",
    "known",
    "participant",
    "require",
    "require_courses",
    "users_path",
]

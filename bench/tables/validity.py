"""The validity matrix: which metrics have a value on which truths of which simulators, and why the others have none."""

from collections.abc import Iterator

from bench.contracts import Metric
from bench.contracts.validity import Validity
from bench.study import Study


def validity_rows(study: Study) -> Iterator[tuple[str, str, str, bool, str]]:
    """Rows of VALIDITY: every simulator, metric and truth; a metric that scores maps against none has the truth ""."""
    for simulator in study.simulators:
        limits = Validity.of(study.make("simulators", simulator))
        for name in study.metrics:
            metric = study.make("metrics", name)
            few = too_few(study, simulator, metric)
            for truth in sorted(metric.tags.truths) or [""]:
                reason = limits.reason(metric.tags, truth) or few
                yield simulator, truth, name, not reason, reason


def too_few(study: Study, simulator: str, metric: Metric) -> str:
    """One sentence on subjects or models of the study that are too few for a metric; empty where they are enough."""
    tags, compares = metric.tags, metric.tags.kind == "compare"
    everyone = study.kept if compares else study.settings["explain"]["subjects"]
    if compares and not everyone:
        return "no maps are kept (maps=none), so models cannot be compared"
    subjects = min(metric.subjects or everyone, everyone)
    models = max(len(study.members(group)) for group in study.groups if group.simulator == simulator)
    for given, fewest, what in ((subjects, tags.fewest_subjects, "subjects"), (models, tags.fewest_models, "models")):
        if given < fewest:
            return f"it needs {fewest} {what} or more and is given {given}"
    return ""

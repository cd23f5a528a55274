"""The validity matrix: which metrics have a value on which truths of which simulators, and why the others have none."""

from collections.abc import Iterator

from bench.contracts import Metric
from bench.contracts.validity import Validity
from bench.study import Study

COLUMNS = ["simulator", "truth", "metric", "defined", "reason"]


def matrix(study: Study) -> Iterator[tuple[str, str, str, bool, str]]:
    """Rows of `COLUMNS`: every simulator, metric and truth; a metric that scores maps against none has the truth ""."""
    for simulator in study.simulators:
        found = Validity.of(study.make("simulators", simulator))
        for name in study.metrics:
            metric = study.make("metrics", name)
            few = too_few(study, simulator, metric)
            for truth in sorted(metric.tags.truths) or [""]:
                reason = found.reason(metric.tags, truth) or few
                yield simulator, truth, name, not reason, reason


def too_few(study: Study, simulator: str, metric: Metric) -> str:
    """Why a metric has no value with the subjects and models that the study gives it; empty where they are enough."""
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

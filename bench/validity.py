"""The validity matrix: which metrics have a value on which truths of which simulators, and why the others have none."""

from collections.abc import Iterator

from bench.contracts.validity import Validity
from bench.study import Study

COLUMNS = ["simulator", "truth", "metric", "defined", "reason"]


def matrix(study: Study) -> Iterator[tuple[str, str, str, bool, str]]:
    """Rows of `COLUMNS`: every simulator, truth and metric of a study in which a metric scores maps against a truth."""
    for simulator in study.simulators:
        found = Validity.of(study.make("simulators", simulator))
        for metric in study.metrics:
            tags = study.make("metrics", metric).tags
            for truth in sorted(tags.truths):
                reason = found.reason(tags, truth)
                yield simulator, truth, metric, not reason, reason

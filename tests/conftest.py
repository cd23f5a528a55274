"""Tests run side by side, one thread each, which is faster than threads that fight; and the book of faults.

A test with the mark `fault(section)` shows what becomes of a fault. `--book=FILE` writes a table of them: the rows that
the fixture `outcome` of `tests/faults` notes, or one that says whether the test passed.
"""

import csv
from pathlib import Path

import pytest
import torch

torch.set_num_threads(1)
#: files whose tests take longest, begun first: at the end one of them would keep a core waiting
LONGEST = ("test_tiny.py", "test_outside.py", "test_killed.py", "test_cells.py")
COLUMNS = ["section", "fault", "moment", "expected", "observed", "verdict", "test"]
OUTCOME = "outcome"


def pytest_addoption(parser):
    parser.addoption("--book", type=Path, help="table of what the tests with the mark `fault` saw")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.path.name not in LONGEST)


def pytest_configure(config):
    # workers send their reports to the process that started them
    if config.option.book and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Book(config.option.book))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    mark = item.get_closest_marker("fault")
    if mark and call.when == "call" and not report.skipped:
        noted = [values for name, values in item.user_properties if name == OUTCOME] or [_passed(item, report)]
        report.user_properties = [(OUTCOME, [mark.args[0], *values, item.nodeid]) for values in noted]
    return report


def _passed(item, report):
    """Fault, moment, expected, observed and verdict of a test that notes none."""
    words = item.originalname.removeprefix("test_").replace("_", " ")
    moment = item.callspec.id if hasattr(item, "callspec") else ""
    asked = "one sentence, or right values"
    observed, verdict = (asked, "held") if report.passed else ("the test failed", "LOST")
    return [words, moment, asked, observed, verdict]


class Book:
    """Rows of the reports, written at the end of the session."""

    def __init__(self, path):
        self.path, self.rows = path, []

    def pytest_runtest_logreport(self, report):
        self.rows += [values for name, values in report.user_properties if name == OUTCOME and report.when == "call"]

    def pytest_sessionfinish(self):
        with self.path.open("w", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerows([COLUMNS, *sorted(self.rows)])

"""One study of seconds as a real process that tests hurt from outside."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FAKES = ROOT / "tests" / "study"
CONF = FAKES / "fakes" / "conf"
#: what a study's folder holds that tells when and how it was computed
DATED = (
    "study.json",
    "ledger.json",
    "costs.parquet",
    "provenance.parquet",
    "plan.json",
    "logs/",
    "progress/",
    "index.html",
    "figures/",
)
PATIENCE_S = 300


@dataclass
class Sweep:
    """One study in a folder of its own, as the command line computes it."""

    folder: Path
    lines: tuple[str, ...] = ("method.slow.number=0,1,2",)
    name: str = "faults"

    @property
    def results(self):
        return self.folder / "results"

    @property
    def store(self):
        return self.results / "store"

    def start(self, *more, verb="run"):
        """The command in a process group of its own; what it says goes to a file."""
        self.folder.mkdir(exist_ok=True)
        given = [
            verb,
            f"study={self.name}",
            f"name={self.name}",
            "trusted=[fakes]",
            f"paths.results={self.results}",
            *self.lines,
            *more,
        ]
        environment = {**os.environ, "PYTHONPATH": str(FAKES), "FAKES_JOURNAL": str(self.journal)}
        with (self.folder / "said").open("w") as said:
            return subprocess.Popen(
                [sys.executable, "-m", "bench", *given, "--config-dir", str(CONF)],
                cwd=ROOT,
                env=environment,
                stdout=said,
                stderr=said,
                start_new_session=True,
                preexec_fn=_interruptible,
            )

    def run(self, *more, verb="run"):
        """(exit code, what was said) of the command left alone."""
        code = self.start(*more, verb=verb).wait(PATIENCE_S)
        return code, self.said

    @property
    def said(self):
        return (self.folder / "said").read_text()

    @property
    def journal(self):
        return self.folder / "journal"

    def journal_text(self):
        """What the fakes noted: a line a training or map that began, in all calls so far."""
        return self.journal.read_text() if self.journal.exists() else ""

    def begun(self):
        """How many trainings and maps have begun."""
        return len(self.journal_text().splitlines())

    def stored(self):
        """How many artefacts there are."""
        return sum(1 for _ in self.store.glob("*/*/record.json"))

    def records(self):
        """{key: call that made it} of models and maps."""
        stages = ("train", "attribute", "untrained")
        found = [json.loads(p.read_text()) for s in stages for p in self.store.glob(f"{s}/[!.]*/record.json")]
        return {r["key"]: r["run"] for r in found}

    def tables(self):
        """{name: bytes} of every table that must not depend on when, how often or in how many pieces it was made."""
        folder = self.results / self.name
        named = {str(p.relative_to(folder)): p for p in folder.rglob("*") if p.is_file()}
        # what a killed writer left hidden answers for nothing, and `prune` takes it away
        shown = {name: p for name, p in named.items() if not name.startswith(DATED) and ".tmp-" not in name}
        return {name: p.read_bytes() for name, p in sorted(shown.items())}

    def wait_for(self, process, reached):
        """Until `reached()`, or until the process is over; whether it was reached in time."""
        end = time.monotonic() + PATIENCE_S
        while not reached() and process.poll() is None:
            assert time.monotonic() < end, self.said
            time.sleep(0.005)
        return process.poll() is None


def _interruptible():
    # a shell that started us in the background had Ctrl-C ignored, which is inherited
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def kill(process, how=os.killpg, number=signal.SIGKILL):
    """Signal a process or its group, and wait until it is gone."""
    how(process.pid, number)
    process.wait(PATIENCE_S)

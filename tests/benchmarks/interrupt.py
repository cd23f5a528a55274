"""Seconds from Ctrl-C until the command has ended, at several moments; written to results/benchmarks/interrupt.csv.

python tests/benchmarks/interrupt.py
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[2]
STUDY = ("study=tiny", "seed.model=0", "seed.data=0,1")
LAUNCHERS = {"basic": (), "joblib": ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")}
#: seconds after the start: the first imports, planning, and cells at work
MOMENTS = (0.5, 2, 8, 12)


def interruptible() -> None:
    """A shell that starts us in the background has Ctrl-C ignored, which is inherited."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def interrupted(moment: float, lines: tuple[str, ...]) -> tuple[float, int, int]:
    """(seconds to the end, exit code, tracebacks) of a study that is interrupted after so many seconds."""
    with tempfile.TemporaryDirectory() as results, tempfile.TemporaryFile("w+") as said:
        command = [sys.executable, "-m", "bench", *STUDY, *lines, f"paths.results={results}"]
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=said, stderr=said, start_new_session=True, preexec_fn=interruptible
        )
        time.sleep(moment)
        start = time.perf_counter()
        os.killpg(process.pid, signal.SIGINT)
        code = process.wait()
        seconds = time.perf_counter() - start
        said.seek(0)
        return seconds, code, said.read().count("Traceback")


def main() -> None:
    """Measure, print, write."""
    rows = []
    for launcher, lines in LAUNCHERS.items():
        for moment in MOMENTS:
            seconds, code, tracebacks = interrupted(moment, lines)
            rows.append([launcher, moment, round(seconds, 1), code, tracebacks])
    table = pd.DataFrame(rows, columns=["launcher", "interrupted_after_s", "ended_after_s", "exit", "tracebacks"])
    target = ROOT / "results" / "benchmarks" / "interrupt.csv"
    target.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(target, index=False)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()

"""Verb that chooses the parameters of methods on the `dev` simulators, and freezes them."""

from pathlib import Path

import pandas as pd
import pyarrow as pa

from bench.columns.written import TUNING
from bench.config import compose
from bench.config.compose import CONF
from bench.config.overrides import options
from bench.contracts import BadInput
from bench.plan import place
from bench.published.places import PUBLISHED
from bench.store import files
from bench.study import Study
from bench.tuning.choose import choose
from bench.tuning.freeze import freeze
from bench.tuning.rows import of_study
from bench.verbs.command import Command
from bench.verbs.computing import compute, say_failures, write_tables

STUDY = "study=tune"
ROWS = "rows.parquet"
SHOWN = ["method", "fwhm", "score", "default_score", "gain_low", "gain_high", "sensitivity"]


def tune(command: Command) -> int:
    """Compute the grid, choose, and write conf/method, conf/tuned.yaml and results/published/tune; 1 on failures."""
    named = any(line.startswith("study=") for line in command.overrides)
    overrides = command.overrides if named else [STUDY, *command.overrides]
    study, lines = Command(overrides, command.config_dirs).study()
    check_dev(study)
    place.check(study)
    compute(study, lines)
    write_tables(study)
    if say_failures(study):
        return 1
    choices = write_choices(of_study(study, options("method", [CONF, *command.config_dirs])))
    for path in freeze(choices, command.config_dirs):
        print(path)
    print(choices[SHOWN].round(3).to_string(index=False))
    return 0


def check_dev(study: Study) -> None:
    """Refuse a study of other simulators than those of `study=tune`: methods may be ranked on these.

    All rows that parameters are chosen by are of the same simulators, those of one call and of those before.
    """
    dev = compose.study([STUDY])
    if {*study.simulators} != {*dev.simulators}:
        others = f"{', '.join(dev.simulators)}, and this study has {', '.join(study.simulators)}"
        raise BadInput(f"tune: parameters are chosen on {others}; name no other study, simulator or setting of one")


def write_choices(rows: pd.DataFrame, folder: Path = PUBLISHED / "tune") -> pd.DataFrame:
    """The choices from rows, which are written beside those of other methods that were tuned before."""
    before = pd.read_parquet(folder / ROWS) if (folder / ROWS).exists() else rows[:0]
    others = before[~before["method"].isin(rows["method"].unique())]
    whole = pd.concat([part for part in (others, rows) if len(part)]).sort_values(TUNING.names, ignore_index=True)
    settings, choices = choose(whole)
    files.write_parquet(folder / ROWS, pa.Table.from_pandas(whole, TUNING.schema, preserve_index=False))
    for name, table in (("settings.csv", settings), ("choices.csv", choices)):
        files.write_bytes(folder / name, table.round(6).to_csv(index=False, lineterminator="\n").encode())
    return choices[choices["method"].isin(rows["method"].unique())]

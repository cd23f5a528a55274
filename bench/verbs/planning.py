"""Verbs that say what a study would compute and what is known of it, and look after the store; they compute nothing."""

import json
import sys
from collections import Counter
from collections.abc import Collection

from bench.columns.metric_names import MetricName
from bench.config import compose
from bench.contracts import BadInput
from bench.contracts.names import nearest
from bench.launch import caches
from bench.plan import demand, place
from bench.plan import plan as planning
from bench.plan.cells import Cells
from bench.plan.estimate import estimate
from bench.plan.prune import prune
from bench.plan.show import record
from bench.plan.stale import stale_sentence
from bench.plan.states import STATES, cell_counts, survey
from bench.published import places
from bench.published.edition import Edition
from bench.report import FORMATS, ScoreRows, as_text
from bench.report.load.results import Ranking
from bench.report.metrics.detection import underpowered
from bench.report.rankings.comparisons import compared
from bench.report.rankings.power import sentences
from bench.store.artefacts import KEY_LENGTH
from bench.study import Study
from bench.verbs.command import Command
from bench.verbs.editions import EDITION, edition_numbers, edition_of
from bench.verbs.reading import readable, tables_of

#: what `show` is given in place of a key, before the number of a row
BOARD, OF_EDITION = "leaderboard:", "edition:"


def plan(command: Command) -> int:
    """Say what would be computed."""
    study, lines = command.study()
    place.check(study)
    work = planning.with_work(study)
    work.save()
    surveyed = survey(study)
    by_stage, expected = cell_counts(surveyed), estimate(work, surveyed)
    print(f"{study.name}: {units_and_plugins(study, len(study.units))}")
    print(f"{'stage':<12}" + "".join(f"{state:>12}" for state in (*STATES, "seconds")))
    for stage in dict.fromkeys([*(stage for stage, _ in by_stage), *expected.stages]):
        states = "".join(f"{by_stage[stage, state]:>12}" for state in STATES)
        print(f"{stage:<12}{states}{expected.seconds(stage):>12}")
    workers = compose.workers(lines)
    beside = (expected.unknown_sentence(), expected.disk_sentence(workers), stale_sentence(study, surveyed))
    estimated = (
        expected.sentence(workers),
        *beside,
        demand.demand_sentence(expected, compose.launcher_of(lines)),
    )
    print("\n".join(filter(None, estimated)))
    say_underpowered(study)
    say_power(study)
    return 0


def units_and_plugins(study: Study, units: int) -> str:
    """So many units, with the methods and metrics of a study."""
    counts = {"unit": units, "method": len(study.methods), "metric": len(study.metrics)}
    return ", ".join(f"{count} {what}{'s' * (count != 1)}" for what, count in counts.items())


def say_power(study: Study) -> None:
    """One sentence a ranking: the lead that a study of this size shows, by its own last report or the published one."""
    source = next(
        (f for f in (study.folder, places.tables_in(places.PUBLISHED / "quick")) if (f / "components.csv").is_file()),
        None,
    )
    claims = _claims(study)
    if source and claims:
        seeds, rankings = study.settings["seed"], [Ranking.of(name, h) for name, h in study.headline.items()]
        subjects = {headline.ranking: subjects_of(study, headline) for headline in rankings}
        size = len(seeds["data"]), len(seeds["model"]), subjects
        with readable():
            print("\n".join(sentences(source, rankings, *size, claims, _largest_group(study))))


def _largest_group(study: Study) -> int:
    """Simulators in the largest group of a study, in which they are ranked together."""
    simulators = [study.make("simulators", name) for name in study.simulators]
    return max(Counter((simulator.family, simulator.place) for simulator in simulators).values())


def _claims(study: Study) -> int:
    """Comparisons that a study declares, which are judged together in each ranking, group and network."""
    roles = {name: study.make("methods", name).tags.role for name in study.methods}
    return sum(1 for _ in compared(roles, study.settings["against"]))


def subjects_of(study: Study, headline: Ranking) -> int:
    """Explained subjects that a ranking counts, those of the sides it counts."""
    asked = study.metrics[MetricName.of(headline.metric).metric].get("subjects")
    patients = sum(number % 2 for number in study.explained[:asked])
    controls = len(study.explained[:asked]) - patients
    return sum({"TP": patients, "TN": controls}[side] for side in _sides(headline.strata))


def _sides(strata: Collection[str]) -> list[str]:
    """A stratum for each side of which a ranking counts subjects; both where it names none."""
    sides = [{"FN": "TP", "FP": "TN"}.get(stratum, stratum) for stratum in strata or ("TP", "TN")]
    return sorted(set(sides))


def say_underpowered(study: Study) -> None:
    """One sentence where a study is to tell shortcut-trained models apart and has too few of them."""
    sentence = underpowered(len(study.settings["seed"]["data"])) if study.settings["detect"] else ""
    if sentence:
        print(sentence, file=sys.stderr)


def store(command: Command) -> int:
    """verify: check every stored file. prune: delete what no planned study of this results folder needs."""
    study, _ = command.study()
    what = command.words[0] if command.words else ""
    if what == "verify":
        damaged = list(study.artefacts().verify()) + list(study.scores().verify())
        foreign = list(study.artefacts().foreign()) + list(study.scores().foreign())
        print("\n".join([*(damaged or ["every stored file is as it was written"]), *foreign]))
        return 1 if damaged else 0
    if what == "prune":
        print(prune(study, caches.of_other_calls(study)))
        return 0
    raise BadInput(f"store: there is no command '{what}'{nearest(what, ('verify', 'prune'))}")


def show(command: Command) -> int:
    """Print what is known of a key: configuration, seeds, versions, cost, and the command that makes it alone.

    leaderboard:59 in place of a key prints the score rows behind row 59 of leaderboard.csv, and their keys;
    leaderboard.md and leaderboard.tex that table, or any other, for a paper; edition:1 what edition 1 is, with its
    citation, after every file was checked against its digest.
    """
    if command.words and command.words[0].startswith(OF_EDITION):
        return _show_edition(command.study()[0], command.words[0].removeprefix(OF_EDITION))
    if command.words and command.words[0].rpartition(".")[2] in FORMATS:
        with readable():
            print(as_text(tables_of(command.study()[0]), command.words[0]))
        return 0
    if command.words and command.words[0].startswith(BOARD):
        return _show_row(command.study()[0], command.words[0].removeprefix(BOARD))
    if not command.words or len(command.words[0]) != KEY_LENGTH:
        row = f"{BOARD}ROW for a row of leaderboard.csv, or TABLE.md or TABLE.tex"
        key = f"one key of {KEY_LENGTH} hexadecimal digits, e.g. from provenance.parquet, {row}"
        asked = " ".join(command.words)
        raise BadInput(f"show '{asked}' is not possible: give {key}")
    print(json.dumps(record(command.study()[0], command.words[0], command.overrides, command.config_dirs), indent=1))
    return 0


def _show_edition(study: Study, number: str) -> int:
    """Print the record of an edition but for its list of files; 1 where a file is not what was published."""
    numbers = edition_numbers({EDITION: number}, most=1)
    published = Edition.of(edition_of(places.PUBLISHED / study.name, numbers[0]))
    print(json.dumps({k: v for k, v in published.record.items() if k != "files"}, indent=1))
    faults = published.faults()
    print("\n".join(faults or [f"every file of {published.folder} is as it was published"]), file=sys.stderr)
    return 1 if faults else 0


def _show_row(study: Study, number: str) -> int:
    if not number.isdigit():
        raise BadInput(f"show {BOARD}{number} names no row; give its number, counted from 0 as on the page")
    with readable():
        scores = ScoreRows.of(tables_of(study), int(number))
    cells = Cells(study)
    keys = {
        (u.simulator, u.network, u.data_seed, u.model_seed, c.method, c.metric): c.key
        for u in study.everything
        for c in cells.of(u)
    }
    at = ["simulator", "network", "data_seed", "model_seed", "method"]
    metric = MetricName.of(scores.rows["metric"].iloc[0]).metric
    rows = scores.rows.assign(key=[keys.get((*row, metric), "") for row in scores.rows[at].itertuples(index=False)])
    columns = ["simulator", "network", "data_seed", "model_seed", "subject", "stratum", "value", "key"]
    print(rows[columns].to_csv(index=False, lineterminator="\n"), end="")
    print(f"mean {scores.mean:.6f} of {len(rows)} rows, {scores.stated:g} in leaderboard.csv", file=sys.stderr)
    return 0

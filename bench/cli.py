"""`python -m bench <verb> study=<name> ...`: reads the command, calls one verb, turns errors into one sentence."""

import argparse
import importlib
import logging
import shlex
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from bench.contracts import BadInput
from bench.contracts.names import nearest
from bench.store.artefacts import Damaged
from bench.store.files import REFUSALS, refusal
from bench.verbs.command import Command

#: the module of `bench.verbs` that holds a verb, as a function of its name
VERBS = {
    **dict.fromkeys(("run", "tables"), "computing"),
    **dict.fromkeys(("plan", "store", "show"), "planning"),
    **dict.fromkeys(("figures", "leaderboard", "report", "publish", "drift"), "reading"),
    **dict.fromkeys(("check", "calibrate", "entrants", "readme"), "checking"),
    **dict.fromkeys(("export", "portrait", "realism", "views"), "exploring"),
    "tune": "tuning",
    "score": "scoring",
}
HELP = """verbs:
  run          compute what is missing, then tables, figures and page (default)
  plan         check everything, say what is done, missing, failed or stale; computes nothing
  check        conformance of the plug-ins named, e.g. check 'method=[mine]' or check simulator=focal
  tables, figures, leaderboard, report
               rebuild from what is stored
  store        verify (checksums) or prune (what no planned study needs)
  show KEY     the record behind a key, e.g. of provenance.parquet, and the command that makes it alone;
               show leaderboard:ROW prints the score rows behind a row of leaderboard.csv, and their keys;
               show TABLE.md and TABLE.tex print a table for a paper, `ranking` the short one of a README
  publish      copy tables, figures and page to results/published, with portraits, audits and realism of
               simulators as shipped
  drift        compare the means of a fresh run with the published ones
  calibrate    find the amplitude of each simulator, into simulators/calibrations
  export       write the subjects of each simulator as NIfTI, BIDS-like, into results/<study>/export
  score maps=FOLDER
               score NIfTI maps made elsewhere of the exported subjects and models, as one more method of the study
  tune         choose the parameters of methods on the dev simulators, into conf/ and results/published/tune
  portrait     draw patients, twins, truths and regions of each simulator, into results/<study>/portraits
  realism      healthy subjects of each anatomy beside norms of people, into results/<study>/realism
  entrants     other libraries' versions of our methods through the same checks, into results/entrants
  readme       write the tables of plug-ins into their READMEs, and the identities of new classes
  views        kernels, features, latent space, soft tree of the first model of each simulator and network

overrides are Hydra's: study=quick simulator=focal 'method=[occlusion]' method.occlusion.window=6
  'seed.model=range(10)' hydra/launcher=joblib; comma lists sweep; rerun=missing|failed|stale|all
paths arrive as typed, whatever their letters; only a comma in one that is not paths.results needs quotes inside the
  shell's: 'simulator.anatomy.folder="/scans/a,b"'
"""


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0 all well, 1 a cell failed, 2 bad input, 130 interrupted, 141 where the reader of a pipe left."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    try:
        command, verb = read(arguments)
        return function(verb)(command)
    except BadInput as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        return 128 + signal.SIGPIPE
    except OSError as error:
        if error.errno not in REFUSALS:
            raise
        print(f"error: {refusal(error.errno, error.filename or 'the results')}", file=sys.stderr)
        return 2
    except Damaged as error:
        print(f"error: {error}, by 'python -m bench run' of the study", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        resume = shlex.join(["python", "-m", "bench", *arguments])
        print(f"\ninterrupted; what is done is kept, resume with: {resume}", file=sys.stderr)
        return 130


def function(verb: str) -> Callable[[Command], int]:
    """The function of a verb, imported when asked for, as drawing and checking bring libraries that take seconds."""
    verb_of: Callable[[Command], int] = getattr(importlib.import_module(f"bench.verbs.{VERBS[verb]}"), verb)
    return verb_of


class _Parser(argparse.ArgumentParser):
    """Says what is wrong as everything else does."""

    def error(self, message: str) -> NoReturn:
        """Raise BadInput in place of leaving the process."""
        raise BadInput(f"{message}; 'python -m bench --help' lists what there is")


def read(arguments: Sequence[str]) -> tuple[Command, str]:
    """The command and its verb; raises BadInput for an unknown verb."""
    parser = _Parser("python -m bench", epilog=HELP, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("words", nargs="*", metavar="verb | key=value", help="a verb first, then overrides")
    parser.add_argument(
        "-cd", "--config-dir", action="append", default=[], type=Path, help="more configuration folders"
    )
    parser.add_argument("-m", "--multirun", action="store_true", help="accepted; comma lists and range() always sweep")
    typed = parser.parse_intermixed_args(list(arguments))
    plain = [w for w in typed.words if "=" not in w and not w.startswith("~")]
    overrides = [w for w in typed.words if w not in plain]
    verb = plain[0] if plain else "run"
    if verb not in VERBS:
        raise BadInput(f"there is no verb '{verb}'{nearest(verb, VERBS)}")
    words = 2 if verb in ("store", "show") else 1
    if plain[words:]:
        raise BadInput(f"the argument '{plain[words]}' is not possible: give overrides as key=value")
    return Command(overrides, typed.config_dir, plain[1:]), verb

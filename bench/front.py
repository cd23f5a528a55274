"""Words of the command line, read before any library is: what needs no study is answered at once."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

from bench import __version__
from bench.provenance import ROOT

#: the module of `bench.verbs` that holds a verb, as a function of its name
VERBS = {
    **dict.fromkeys(("run", "tables"), "computing"),
    **dict.fromkeys(("plan", "store", "show"), "planning"),
    **dict.fromkeys(("figures", "leaderboard", "report"), "reading"),
    **dict.fromkeys(("publish", "drift"), "publishing"),
    "spot": "spotting",
    "pages": "serving",
    **dict.fromkeys(("check", "calibrate", "entrants", "readme"), "checking"),
    **dict.fromkeys(("export", "portrait", "realism", "views"), "exploring"),
    "merge": "merging",
    "status": "watching",
    "tune": "tuning",
    "score": "scoring",
}
HELP = """verbs:
  run          compute what is missing, then tables, figures and page (default)
  plan         check everything, say what is done, missing, failed or stale; computes nothing
  status       units done, running (on which machine, since when), stopped, waiting and failed, and the time left,
               while another command or an array of jobs works
  merge FOLDER...
               bring what results folders of other machines hold of the same study into this one, or join folders of
               tables, e.g. published ones, in the tables of one study, name=...
  check        conformance of the plug-ins named, e.g. check 'method=[mine]' or check simulator=focal
  tables, figures, leaderboard, report
               rebuild from what is stored
  store        verify (checksums) or prune (what no planned study needs)
  show KEY     the record behind a key, e.g. of provenance.parquet, and the command that makes it alone;
               show leaderboard:ROW prints the score rows behind a row of leaderboard.csv, and their keys;
               show TABLE.md and TABLE.tex print a table for a paper, `ranking` the short one of a README;
               show edition:N checks an edition against its digest and prints what it is, with its citation
  publish      copy tables, figures and page to results/published, with portraits, audits and realism of
               simulators as shipped; edition=N as an edition, which nothing changes afterwards
  drift        what moved from the published study to a fresh run, with intervals of the paired differences;
               edition=N from that edition, edition=N,M from one to another
  spot         compute cells of the published study again, each alone, and compare: count=N of them, drawn by seed=N
  pages        the pages of all published studies and an index of them, into results/pages
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
  help         this text

overrides are Hydra's: study=quick simulator=focal 'method=[occlusion]' method.occlusion.window=6
  'seed.model=range(10)' 'simulator=glob(shortcut*)' ~method.gradient hydra/launcher=joblib; comma lists sweep;
  rerun=missing|failed|stale|all
paths arrive as typed, whatever their letters; only a comma in one that is not paths.results needs quotes inside the
  shell's: 'simulator.anatomy.folder="/scans/a,b"'
completion in bash: eval "$(python -m bench -sc install=bash)"
"""
#: what Hydra's --cfg and --info show
CFG, INFO = ("job", "hydra", "all"), ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")
SHELL = ("install=bash", "uninstall=bash", "query=bash")
#: options of Hydra's that mean nothing here -> what to do in their place
INSTEAD = {
    **dict.fromkeys(("-cn", "--config-name"), "choose a study, study=NAME, whose file may lie in --config-dir"),
    **dict.fromkeys(("-cp", "--config-path"), "name further configuration folders with --config-dir"),
    "--experimental-rerun": "'python -m bench show KEY' prints the command that makes a result again",
}
#: how a file of a group is chosen
GROUPS = {group: f"{group}={{}}" for group in ("study", "simulator", "network", "train")}
GROUPS |= {group: f"{group}=[{{}}]" for group in ("method", "metric")}
VERSION = f"plumbline {__version__}"
LISTED = "'python -m bench --help' lists what there is"
#: how like a word is to a name that it is a slip of
CLOSE = 0.6


class Misread(ValueError):
    """The words of a command that mean nothing: one sentence with the mend."""


@dataclass(frozen=True)
class Asked:
    """What is shown in place of doing the verb: the option (cfg, info or completion) and which form of it.

    package: the key below which it is shown. resolve: interpolations as their values.
    """

    option: str
    which: str
    package: str = ""
    resolve: bool = False


@dataclass(frozen=True)
class Words:
    """A command in its parts; further: words after the verb that set nothing."""

    verb: str
    overrides: list[str]
    config_dirs: list[Path]
    further: list[str]
    asked: Asked | None = None


class _Parser(argparse.ArgumentParser):
    """Says what is wrong as everything else does."""

    def error(self, message: str) -> NoReturn:
        """Raise Misread in place of leaving the process."""
        raise Misread(f"{message}; {LISTED}")


def begin(arguments: Sequence[str]) -> Words | int:
    """The parts of a command; its exit code where it is answered here: what cannot be read, and completion."""
    try:
        words = read(arguments)
    except Misread as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if words.asked is None or words.asked.option != "completion":
        return words
    # Hydra takes as long to import as all that a shell waits for
    from bench.config import completion

    print(completion.for_shell(words.asked.which, sorted(VERBS)))
    return 0


def read(arguments: Sequence[str]) -> Words:
    """The parts of a command; raises Misread, or SystemExit after help and version were printed."""
    parser = _parser()
    for option in (word.partition("=")[0] for word in arguments):
        if option in INSTEAD:
            raise Misread(f"{option} is not possible: {INSTEAD[option]}")
    typed, strange = parser.parse_known_intermixed_args(list(arguments))
    if strange:
        raise Misread(_no_option(strange[0], arguments, list(parser._option_string_actions)))
    plain = [w for w in typed.words if "=" not in w and not w.startswith("~")]
    overrides = [w for w in typed.words if w not in plain]
    if plain[:1] == ["help"]:
        parser.print_help()
        parser.exit()
    if plain[:1] == ["version"]:
        print(VERSION)
        parser.exit()
    _check(plain, [ROOT / "conf", *typed.config_dir])
    options = (name for name in ("cfg", "info", "completion") if getattr(typed, name))
    asked = next((Asked(name, getattr(typed, name), typed.package, typed.resolve) for name in options), None)
    return Words(plain[0] if plain else "run", overrides, typed.config_dir, plain[1:], asked)


def _parser() -> _Parser:
    parser = _Parser("python -m bench", epilog=HELP, formatter_class=argparse.RawTextHelpFormatter, allow_abbrev=False)
    add = parser.add_argument
    add("words", nargs="*", metavar="verb | key=value", help="a verb first, then overrides")
    add("--hydra-help", action="help", help=argparse.SUPPRESS)
    add("--version", action="version", version=VERSION)
    add("-cd", "--config-dir", action="append", default=[], type=Path, help="more configuration folders")
    add("-m", "--multirun", action="store_true", help="accepted; comma lists and range() always sweep")
    add("-r", "--run", action="store_true", help="accepted; it is the default")
    add("-c", "--cfg", choices=CFG, help="show the configuration, and do nothing")
    add("-p", "--package", default="", help="with --cfg: show only what is below this key")
    add("--resolve", action="store_true", help="with --cfg: interpolations as their values")
    add("-i", "--info", nargs="?", const="all", choices=INFO, help="show how Hydra finds the configuration")
    add(
        "-sc",
        "--shell-completion",
        dest="completion",
        choices=SHELL,
        help="lines for the shell that complete what is typed",
    )
    return parser


def _no_option(word: str, arguments: Sequence[str], options: list[str]) -> str:
    """The sentence for a word that is no option: the likely one, or the setting that was meant."""
    option, _, value = word.partition("=")
    if near := get_close_matches(option, options, 1, CLOSE):
        return f"there is no option '{option}'; did you mean '{near[0]}'? {LISTED}"
    after = arguments[list(arguments).index(word) + 1 :] if word in arguments else []
    given = value or next(iter(after), "")
    if option.startswith("--") and given and "=" not in given:
        return f"there is no option '{option}'; settings have no dashes, write {option.lstrip('-')}={given}"
    return f"there is no option '{option}'; {LISTED}"


def _check(plain: list[str], folders: list[Path]) -> None:
    """Refuse a verb that is none, and words too many."""
    verb, *further = plain or ["run"]
    if verb not in VERBS:
        raise Misread(f"there is no verb '{verb}'{_meant(verb, folders, VERBS)}")
    left = [] if verb == "merge" else further[1 if verb in ("store", "show") else 0 :]
    if left:
        raise Misread(
            f"the argument '{left[0]}' is not possible: give overrides as key=value{_meant(left[0], folders)}"
        )


def _meant(word: str, folders: list[Path], verbs: Sequence[str] | dict[str, str] = ()) -> str:
    """A clause with the override or the verb that a bare word stands for, or the valid verbs."""
    for group, override in GROUPS.items():
        if any((folder / group / f"{word}.yaml").is_file() for folder in folders):
            return f"; did you mean '{override.format(word)}'?"
    studies = {path.stem: f"study={path.stem}" for folder in folders for path in (folder / "study").glob("*.yaml")}
    names = {**studies, **{verb: verb for verb in verbs}}
    if near := get_close_matches(word, names, 1, CLOSE):
        return f"; did you mean '{names[near[0]]}'?"
    return f"; valid names are {', '.join(sorted(verbs))}" if verbs else ""

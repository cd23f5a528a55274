"""`python -m bench <verb> study=<name> ...`: reads the command, calls one verb, turns errors into one sentence."""

import importlib
import logging
import shlex
import signal
import sys
from collections.abc import Callable, Sequence

from bench.contracts import BadInput
from bench.front import VERBS, Words, begin
from bench.store.artefacts import Damaged
from bench.store.files import REFUSALS, refusal
from bench.verbs.command import Command


def main(arguments: Sequence[str]) -> int:
    """The exit code of a command."""
    words = begin(arguments)
    return words if isinstance(words, int) else execute(words, arguments)


def execute(words: Words, arguments: Sequence[str]) -> int:
    """The exit code: 0 all well, 1 a cell failed, 2 bad input, 130 interrupted, 141 where the reader of a pipe left."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    try:
        return function(words)(Command(words.overrides, words.config_dirs, words.further, words.asked))
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


def function(words: Words) -> Callable[[Command], int]:
    """What is to be done, imported when asked for, as drawing and checking bring libraries that take seconds."""
    module, name = ("configuring", words.asked.option) if words.asked else (VERBS[words.verb], words.verb)
    done_by: Callable[[Command], int] = getattr(importlib.import_module(f"bench.verbs.{module}"), name)
    return done_by

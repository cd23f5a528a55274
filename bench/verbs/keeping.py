"""Verbs that look after the store."""

import json

from bench.config.suggest import nearest
from bench.contracts import BadInput
from bench.store.artefacts import KEY_LENGTH
from bench.verbs.call import Call


def store(call: Call) -> int:
    """verify: check every stored file. prune: delete what no planned study of this results folder needs."""
    from bench.plan.prune import prune

    study, _ = call.study()
    what = call.words[0] if call.words else ""
    if what == "verify":
        damaged = list(study.artefacts().verify()) + list(study.scores().verify())
        print("\n".join(damaged) or "every stored file is as it was written")
        return 1 if damaged else 0
    if what == "prune":
        print(prune(study))
        return 0
    raise BadInput(f"store needs verify or prune{nearest(what, ('verify', 'prune')) if what else ''}")


def show(call: Call) -> int:
    """Print what is known of a key: configuration, seeds, versions, cost, and the command that makes it alone."""
    from bench.plan.show import record

    if not call.words or len(call.words[0]) != KEY_LENGTH:
        raise BadInput(f"show needs one key of {KEY_LENGTH} hexadecimal digits, e.g. from provenance.parquet")
    print(json.dumps(record(call.study()[0], call.words[0], call.overrides, call.config_dirs), indent=1))
    return 0

"""`check`: a plug-in that changes what others use is told so by each check that meets it, and by no other plug-in."""

import pytest

from bench.verify.conform import conform

pytestmark = pytest.mark.fault("plug-ins")

LINES = ["seed.data=0", "seed.model=0"]
#: overrides that name a plug-in with a deed -> words of what its checks say
CHANGED = {
    ("metric=[trespass]", "metric.trespass.deed=dtype"): "default dtype",
    ("network=trespass", "axes.network=[trespass]", "network.deed=global_hook"): "global hooks",
}


def checked(planned, *lines):
    """{plug-in: {check: what is wrong}}."""
    found = {}
    for label, check, complaint in conform(planned(*LINES, *lines), lines):
        found.setdefault(label, {})[check] = complaint
    return found


@pytest.mark.parametrize("lines", CHANGED)
def test_what_a_plug_in_changed_is_told_by_its_name(planned, lines):
    (complaints,) = checked(planned, *lines).values()
    told = [words for words in complaints.values() if words]
    assert told and all("changed" in words and CHANGED[lines] in words for words in told), complaints


@pytest.mark.full
def test_who_is_checked_after_a_culprit_or_a_dead_one_passes(planned):
    deeds = "method.everywhere.deed=grad_mode,os_exit_0,''"
    culprit, dead, innocent = checked(planned, "method=[everywhere]", deeds).values()
    assert len(culprit) == len(dead) == len(innocent) > 20
    assert all("everywhere-deed-grad_mode changed torch's gradient mode" in words for words in culprit.values())
    assert all("ended from within" in words for words in dead.values())
    assert not any(innocent.values())

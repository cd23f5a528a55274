"""The seconds of a cell are those that a core worked for it, whatever else the machine did meanwhile."""

import time

import pytest
import torch

from bench.devices.moving import HOME
from bench.launch.unit import UnitRun


def busy(seconds):
    """Work so long."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


@pytest.mark.parametrize(("device", "waits"), [(HOME, False), (torch.device("meta"), True)])
def test_waiting_costs_nothing_unless_a_device_is_what_is_waited_for(planned, device, waits):
    study = planned("seed.data=0", "seed.model=0")
    with UnitRun(study, study.units[0], device=device)._timed() as seconds:
        time.sleep(0.5)
        busy(0.1)
        assert (seconds() >= 0.5) is waits
        assert seconds() >= 0.1


def test_what_was_made_meanwhile_is_not_counted_twice(planned):
    study = planned("seed.data=0", "seed.model=0")
    run = UnitRun(study, study.units[0])
    with run._timed() as outer:
        with run._timed() as inner:
            busy(0.4)
            assert inner() >= 0.4
        busy(0.1)
        assert 0.1 <= outer() < 0.4

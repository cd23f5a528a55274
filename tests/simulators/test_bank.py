"""A bank is a cache: the same bytes with it and without it, and nothing read that is not whole."""

import contextlib
from dataclasses import replace

import numpy as np
import pytest
from composed import node

from bench.config.build import build
from bench.config.compose import CONF
from simulators.anatomy.protocol import Warped
from simulators.brain import Brain
from simulators.clinical import Clinical, Site
from simulators.coupling import Coupled, Coupling
from simulators.draw import bank
from simulators.draw.bank import INDEX, INSIDE, LABELS, VOXELS
from simulators.draw.blocks import JOURNAL
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.focal import Focal

SIMULATORS = sorted(path.stem for path in (CONF / "simulator").glob("*.yaml"))
BUSY = Clinical(gamma=0.1, blur_mm=6.0, ghost=0.1, sites=(Site(), Site(0.1, 2.0)))
COUPLED = Coupled(coupled=(Coupling("left insula", "left thalamus", 0.5, 0.1),))


def _filled(brain, folder, counts):
    folder.mkdir(exist_ok=True)
    brain.fill_bank(counts, folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return _filled(Brain(Focal(), amplitude=0.3), tmp_path_factory.mktemp("bank"), {"train": 3, "test": 2})


@pytest.mark.parametrize("name", SIMULATORS)
def test_images_from_the_bank_are_those_drawn_without_it(name, tmp_path):
    made = build(node(f"simulator/{name}")).with_amplitude(0.3)
    banked = made.with_bank(_filled(made, tmp_path / "bank", {"train": 4}))
    assert banked.bank.get("train", 3) is not None
    assert banked.sample(range(4), "train").images.equal(made.sample(range(4), "train").images)


@pytest.mark.parametrize("part", [{"nuisance": BUSY}, {"local": COUPLED}])
def test_effects_that_mix_voxels_give_the_same_bytes_too(part, tmp_path):
    made = Brain(Focal(), amplitude=0.3, **part)
    banked = made.with_bank(_filled(made, tmp_path / "bank", {"train": 2}))
    assert banked.sample([0, 1], "train").images.equal(made.sample([0, 1], "train").images)


@pytest.mark.parametrize("do", [{"shift": (20, 0, 0)}, {"warp": 0, "rescan": 1}, {"scan": {"blur_mm": 9}}])
def test_subjects_of_a_bank_can_be_moved_and_scanned_again(folder, do):
    brain = Brain(Focal(), amplitude=0.3)
    assert brain.with_bank(folder).sample([1, 2], "train", do).images.equal(brain.sample([1, 2], "train", do).images)


def test_simulators_of_one_anatomy_share_a_bank(folder):
    other = Brain(Atrophy(("left insula",)), amplitude=0.3, nuisance=BUSY)
    assert other.with_bank(folder).sample([1, 2], "train").images.equal(other.sample([1, 2], "train").images)


def test_streams_and_subjects_that_the_bank_lacks_are_drawn(folder):
    brain = Brain(Focal(), amplitude=0.3)
    banked = brain.with_bank(folder)
    assert banked.bank.get("test", 2) is None and banked.bank.get("evaluation", 0) is None
    assert banked.sample([1, 2], "test").images.equal(brain.sample([1, 2], "test").images)


def test_another_data_seed_or_part_does_not_read_the_bank(folder):
    banked = Brain(Focal(), amplitude=0.3).with_bank(folder)
    assert banked.with_data_seed(1).bank is None and replace(banked, local=COUPLED).bank is None
    drawn = Brain(Focal(), amplitude=0.3, data_seed=1).sample([1], "train").images
    assert banked.with_data_seed(1).sample([1], "train").images.equal(drawn)


SMALL, BANK_FILES = {"train": 5, "test": 2}, (VOXELS, LABELS, INSIDE, INDEX)


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """drawn(name, stops): the files of a bank of two subjects a block, and whom a call drew before it was stopped."""
    monkeypatch.setattr(bank, "BLOCK", 2)

    def fill(name, stops=None):
        asked, folder = [], tmp_path / name
        folder.mkdir(exist_ok=True)

        def draw(subject, stream):
            if len(asked) == stops:
                raise KeyboardInterrupt
            asked.append((stream, subject))
            rng = np.random.default_rng([len(stream), subject])
            maps, folding, noise = (rng.random((n, 3, 4, 5), np.float32) for n in (4, 2, 2))
            maps[2] *= rng.random((3, 4, 5)) < 0.5
            return bank.Healthy(Warped(maps, rng.integers(0, 2, (3, 4, 5), np.int16)), folding, noise)

        with contextlib.suppress(KeyboardInterrupt):
            bank.fill(folder, draw, SMALL)
        return folder, asked

    return fill


def _content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_an_interrupted_bank_goes_on_from_whole_blocks_and_has_the_same_bytes(drawn):
    (whole, everybody), (_, first) = drawn("whole"), drawn("cut", stops=5)
    assert first == everybody[:5]
    folder, rest = drawn("cut")
    assert rest == everybody[4:] and _content(folder) == _content(whole)
    assert {*_content(folder)} == {*BANK_FILES}, "nothing else is left"


@pytest.mark.parametrize("name", [VOXELS, LABELS, INSIDE, JOURNAL])
@pytest.mark.parametrize("harm", [lambda data: b"?" + data[1:], lambda data: data[:-1], lambda data: b""])
def test_what_is_damaged_of_an_interrupted_bank_is_drawn_again(drawn, name, harm):
    whole, everybody = drawn("whole")
    folder, _ = drawn("cut", stops=4)
    (folder / name).write_bytes(harm((folder / name).read_bytes()))
    _, again = drawn("cut")
    assert again == everybody[-len(again) :] and _content(folder) == _content(whole)
    # a line of the journal without its end still says all
    assert len(again) >= (3 if name == JOURNAL else 5)


def test_a_bank_that_was_never_finished_is_refused(tmp_path):
    brain = Brain(Focal(), amplitude=0.3)
    folder = _filled(brain, tmp_path / "bank", {"train": 1})
    (folder / INDEX).unlink()
    with pytest.raises(FileNotFoundError, match=INDEX):
        brain.with_bank(folder)


@pytest.mark.parametrize("name", [VOXELS, LABELS, INSIDE])
@pytest.mark.parametrize("keep", [0, 1, -1])
def test_a_truncated_bank_is_refused_in_one_sentence(name, keep, tmp_path):
    brain = Brain(Focal(), amplitude=0.3)
    folder = _filled(brain, tmp_path / "bank", {"train": 1})
    (folder / name).write_bytes((folder / name).read_bytes()[:keep])
    with pytest.raises(ValueError, match=f"{name} holds .* delete the folder") as error:
        brain.with_bank(folder)
    assert "\n" not in str(error.value)

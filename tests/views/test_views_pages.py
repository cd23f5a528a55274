"""From a study's models to a folder of views."""

from dataclasses import replace

import matplotlib.image
import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.distributions import Normal

from bench.contracts import Batch
from bench.explore.views import write
from bench.explore.views.pages import VIEWS
from bench.explore.views.seen import Seen
from bench.networks.cnn import PooledCNN
from bench.networks.ladder_vae import LadderVAE
from bench.networks.linear import Linear
from bench.report.figures import tiles

SHAPE = (8, 8, 8)
#: views of networks that make images, and of those that simulate courses
DECODED = ("known_lower", "classes")
#: the view of networks that simulate courses, where there is none
NO_COURSE = {"progression": ("unsupported", "this network simulates no course")}


class Painter(nn.Module):
    """A shape as bright as the first latent says."""

    def __init__(self, shape):
        super().__init__()
        self.shape = shape

    def forward(self, latents):
        return latents[:, :1, None, None, None] * self.shape


class World:
    """A bright cube as strong as its record says; every second subject has it."""

    shape = SHAPE
    target = (1, 0)

    def sample(self, indices, stream, do=None):
        images = torch.rand(len(indices), 1, *SHAPE, generator=torch.Generator().manual_seed(len(stream)))
        strength = torch.tensor([(do or {}).get("strength", 1.0) * self.record(i, stream)["severity"] for i in indices])
        images[:, :, 2:5, 2:5, 2:5] += strength.view(-1, 1, 1, 1, 1).float()
        return Batch(images, torch.tensor([i % 2 for i in indices]), torch.tensor(list(indices)))

    def record(self, subject, stream):
        return {"severity": (subject % 2) * (1 + subject % 3), "shift_x": float(np.sin(subject))}

    def sides(self, targets):
        return targets


def _seen(network):
    world = World()
    return Seen("network", network, world, world.sample(range(40), "train"), world.sample(range(24), "test"))


def _net():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return PooledCNN(SHAPE, 2, width=4, blocks=2, pool="max").eval()


def test_every_view_of_a_cnn_is_drawn_and_tabled(tmp_path):
    seen = _seen(_net())
    without = dict.fromkeys(DECODED, ("unsupported", "this network has no decoder")) | NO_COURSE
    assert {name: write._attempt(name, seen, tmp_path) for name in VIEWS} == dict.fromkeys(VIEWS, ("ok", "")) | without
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {
        *(
            "kernels.png",
            "diversity.csv",
            "subject.png",
            "features_0.png",
            "features_1.png",
            "latent.csv",
            "latent.png",
        ),
        *("trajectories.csv", "subgroups.png", "known.csv", "known.png", "known_strongest.csv", "subjects.csv"),
        *("subjects.png", "maximised.png", "tree.csv", "tree.png"),
    }
    assert len(pd.read_csv(tmp_path / "latent.csv")) == 24
    assert set(pd.read_csv(tmp_path / "known_strongest.csv")["latent"]) <= {"severity", "shift_x"}
    for picture in tmp_path.glob("*.png"):
        assert matplotlib.image.imread(picture).std() > 0.01


def test_a_decoder_shows_its_classes_beside_what_was_planted(tmp_path):
    """With latents and a decoder set by hand: the difference is the bright cube of the patients."""
    model = LadderVAE(SHAPE, 2, width=1, hidden=2, lower=1).eval()
    model.encoder = model.features = model.deep = model.above = nn.Identity()
    seen = _seen(model)
    cube = seen.simulator.sample([1], "test").images - seen.simulator.sample([1], "test", {"strength": 0.0}).images
    model.lower.forward = lambda x: Normal(x[:, 0, 2:5, 2:5, 2:5].mean((1, 2, 3))[:, None], torch.tensor(1e-3))
    model.upper.forward = lambda x: Normal(torch.zeros(len(x), 2), torch.tensor(1.0))
    model.prior.forward = lambda upper: Normal(upper[:, :1], torch.tensor(1.0))
    model.decoder = Painter(cube[0])
    assert {name: write._attempt(name, seen, tmp_path) for name in DECODED} == dict.fromkeys(DECODED, ("ok", ""))
    found = pd.read_csv(tmp_path / "class_difference.csv", index_col="map")["r"]
    assert found["decoded"] > 0.999 > found["subjects"] > 0.5
    lower = pd.read_csv(tmp_path / "known_lower.csv")
    assert lower.loc[0, "severity"] > 0.9 and abs(lower.loc[0, "shift_x"]) < 0.5
    for name in ("class_means.png", "class_difference.png", "known_lower.png"):
        assert matplotlib.image.imread(tmp_path / name).std() > 0.01


def test_channels_are_shown_of_layers_that_the_outputs_go_through(tmp_path):
    """A decoder, which stands behind them and is not called, has none."""
    seen = _seen(LadderVAE(SHAPE, 2, width=2, hidden=4, lower=2).eval())
    for name in ("feature_maps", "excited"):
        assert write._attempt(name, seen, tmp_path) == ("ok", "")
    assert sorted(path.stem for path in tmp_path.glob("features_*")) == ["features_0", "features_1"]


def test_a_view_that_a_network_does_not_have_says_why(tmp_path):
    seen = _seen(Linear(SHAPE, 2))
    found = {name: write._attempt(name, seen, tmp_path)[0] for name in VIEWS}
    assert {name for name, status in found.items() if status == "ok"} == {"first_layer", "soft_tree"}
    assert write._attempt("plane", seen, tmp_path) == ("unsupported", "this network has no hidden layer")


def test_a_cut_is_upright_and_strongest():
    volume = np.zeros((3, 4, 5))
    volume[2, 1, 4] = 7
    shown = tiles.slice_picture(volume, tiles.fullest(volume))
    assert shown.shape == (5, 3) and shown[0, 2] == 7
    assert not tiles.slice_picture(volume, 0).any()


def test_tiles_tell_sides_and_plane_and_slices_their_coordinate():
    seen = replace(_seen(_net()), affine=np.array([[3.0, 0, 0, -9], [0, 3, 0, -12], [0, 0, 3, -9], [0, 0, 0, 1]]))
    assert [seen.place(0, 8), seen.place(7, 8)] == ["y = −12 mm", "y = 9 mm"]
    # a layer of half the grid covers the same brain
    assert seen.place(0, 4) == "y = −10 mm"
    pages = dict(content for content in VIEWS["feature_maps"](seen))
    page = pages["features_1"]
    shown = [text.get_text() for axis in page.axes for text in (axis.title, *axis.texts)]
    assert {"L", "R"} <= set(shown) and any("\ny = " in text for text in shown)
    assert "coronal" in page.get_suptitle()


def test_tiles_that_hold_nothing_are_drawn():
    assert tiles.draw("nothing", [tiles.Tile("", np.zeros((4, 4)))] * 9, "1").axes


def test_scores_are_those_of_the_task_and_not_of_the_last_class():
    """Of three classes the task explains 1 against 0; what class 2 gets moves no score."""

    class Three(torch.nn.Module):
        def forward(self, x):
            means = x.flatten(1).mean(1)
            return torch.stack([-means, means, 100 * torch.rand_like(means)], 1)

    seen = _seen(Three().eval())
    torch.testing.assert_close(seen.scores, 2 * seen.test.images.flatten(1).mean(1))

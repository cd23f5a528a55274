"""Views of a model as figures and tables, by name."""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import Tensor

from bench.contracts import Unsupported
from bench.explore.views import course, decoded, kernels, known, latent, layers, maximal, tree
from bench.explore.views.seen import Seen
from bench.passes.scores import explained
from bench.report.figures import courses, tiles
from bench.report.figures import latent as planes
from bench.report.figures.tiles import Tile, slice_picture

Page = Iterator[tuple[str, Figure | pd.DataFrame]]
#: subjects and channels of which pictures are made
PATIENTS, CHANNELS = 12, 16


def first_layer(seen: Seen) -> Page:
    """Kernels of the first layer, middle coronal slices; filter diversity of every layer."""
    filters = kernels.kernels(seen.model, seen.simulator.shape)
    whole = max(filters.shape[1:]) > 8
    pictures = [
        _tile(seen, f"{k}", v) if whole else Tile(f"{k}", slice_picture(v, v.shape[1] // 2))
        for k, v in enumerate(_arrays(filters))
    ]
    where = "" if whole else ", the middle slice of each"
    yield "kernels", tiles.draw(f"{seen.name}: kernels of the first layer{where}", pictures, "weight")


def diversity(seen: Seen) -> Page:
    """Diversity of the filters of each layer."""
    yield "diversity", kernels.filter_diversity(seen.model)


def feature_maps(seen: Seen) -> Page:
    """First channels of every convolution for the patient whose score is highest."""
    best = int(seen.scores.where(seen.patients, -torch.inf).argmax())
    image, drawn = seen.test.images[best : best + 1], [_tile(seen, "image", _arrays(seen.test.images[best])[0])]
    yield "subject", tiles.draw(f"{seen.name}: subject {best}", drawn, "intensity", signed=False)
    for number, name in enumerate(layers.passed_through(seen.model, image)):
        channels = _arrays(layers.activations(seen.model, image, name)[0])[:CHANNELS]
        pictures = [_tile(seen, f"{k}", v) for k, v in enumerate(channels)]
        yield (
            f"features_{number}",
            tiles.draw(f"{seen.name}: channels of {name}, subject {best}", pictures, "activation"),
        )


def plane(seen: Seen) -> Page:
    """Subjects in the plane of what the readout reads, with patients' trajectories; subgroups of the patients."""
    places = latent.project(seen.latent).assign(target=seen.test.targets.numpy())
    sick = seen.patients.nonzero().flatten()
    courses = latent.trajectories(
        seen.model, seen.simulator, latent.axes(seen.latent), sick[:PATIENTS].tolist(), "test"
    )
    yield "latent", places
    yield "trajectories", courses
    yield "latent", planes.draw(f"{seen.name}: what the readout reads", places, courses)
    group = latent.subgroups(seen.latent[sick])
    t_map = latent.welch_map(seen.test.images[sick], group)
    middle = np.linspace(0, t_map.shape[1] - 1, 10).astype(int)[1:-1]
    pictures = [_tile(seen, "", t_map.numpy(), y) for y in middle.tolist()]
    yield (
        "subgroups",
        tiles.draw(f"{seen.name}: the two halves of patients along their first axis", pictures, "Welch t"),
    )


def known_latents(seen: Seen) -> Page:
    """Known latents that each feature goes with."""
    table = known.correlations(seen.latent, seen.known)
    yield "known", table.rename_axis("feature").reset_index()
    yield "known_strongest", known.strongest(table)
    yield "known", planes.heat(f"{seen.name}: features and the latents that made the images", table)


def known_lower(seen: Seen) -> Page:
    """Known latents that each lower latent of an autoencoder goes with."""
    table = known.correlations(decoded.lower_latents(seen.model, seen.test.images), seen.known)
    yield "known_lower", table.rename_axis("feature").reset_index()
    yield "known_lower", planes.heat(f"{seen.name}: lower latents and the latents that made the images", table)


def classes(seen: Seen) -> Page:
    """The mean image that a decoder makes of each class; what tells them apart there, in the subjects, and in truth."""
    means = decoded.decoded_means(seen.model)
    pictures = [_tile(seen, f"class {k}", v, v.shape[1] // 2) for k, v in enumerate(_arrays(means))]
    yield "class_means", tiles.draw(f"{seen.name}: decoded mean of each class", pictures, "intensity", signed=False)
    truth = decoded.planted(seen.simulator, seen.test.subjects[seen.patients].tolist())
    maps = {
        "decoded": explained(means.flatten(1).T, seen.simulator.target).reshape(truth.shape),
        "subjects": decoded.observed(seen.test, seen.patients),
    }
    yield "class_difference", decoded.likeness(maps, truth)
    at = tiles.fullest(_arrays(truth))
    drawn = [_tile(seen, name, _arrays(v), at) for name, v in ({"planted": truth} | maps).items()]
    yield "class_difference", tiles.draw(f"{seen.name}: difference of patients and others", drawn, "intensity")


def progression(seen: Seen) -> Page:
    """What a disease adds to a patient from visit to visit, true and as the network simulates it from the first."""
    one = course.patient_course(seen.model, seen.simulator)
    table = course.region_table(one, seen.simulator.region_names)
    yield "course", table
    title = f"{seen.name}: patient {one.person}, what the disease adds since the first visit"
    at = tiles.fullest(_arrays(one.true[-1]))
    drawn = [
        _tile(seen, f"month {month:g}", volume, at)
        for volumes in (one.true, one.simulated)
        for month, volume in zip(one.months[1:], _arrays(volumes)[1:], strict=True)
    ]
    above = f"{title}, true above, simulated below"
    yield "course", tiles.draw(above, drawn, "intensity", columns=len(one.months) - 1)
    most = table["region"].drop_duplicates().head(course.REGIONS)
    yield "course_regions", courses.draw(title, table[table["region"].isin(most)])


def excited(seen: Seen) -> Page:
    """Subjects that excite each channel of the last convolution most, and the change of the mean brain that does."""
    name = layers.passed_through(seen.model, seen.test.images[:1])[-1]
    table = maximal.subjects(seen.model, seen.test.images, name)
    yield "subjects", table
    first = table[table["rank"] == 1].nlargest(CHANNELS, "activation")
    images = _arrays(seen.test.images[:, 0])
    places = first[["channel", "row", "y"]].to_numpy().tolist()
    pictures = [_tile(seen, f"{channel}: subject {row}", images[row], y) for channel, row, y in places]
    yield "subjects", tiles.draw(f"{seen.name}: who excites a channel of {name} most", pictures, "intensity", False)
    start = seen.test.images.mean(0, keepdim=True)
    changes = []
    for channel in first["channel"].head(8):
        image, course = maximal.maximise(seen.model, start, name, int(channel))
        change = (image - start)[0, 0].numpy()
        changes.append(_tile(seen, f"{channel}: {course[0]:.2g} to {course[-1]:.2g}", change))
    yield (
        "maximised",
        tiles.draw(f"{seen.name}: change of the mean brain that excites {name}", changes, "intensity", columns=4),
    )


def soft_tree(seen: Seen) -> Page:
    """A soft decision tree that imitates the model, and its fidelity."""
    if seen.test.targets.is_floating_point():
        raise Unsupported("a soft decision tree imitates classes, and this task has values")
    imitation = tree.distil(seen.model, seen.train.images, seen.test.images)
    leaves = imitation.tree.leaves.detach().softmax(1)
    yield (
        "tree",
        pd.DataFrame([{"fidelity": imitation.fidelity, "most_frequent_class": imitation.share, "leaves": len(leaves)}]),
    )
    pictures = [_tile(seen, f"node {k}", v) for k, v in enumerate(_arrays(imitation.tree.volumes))]
    title = f"{seen.name}: soft tree, fidelity {imitation.fidelity:.2f} ({imitation.share:.2f} by one class)"
    yield "tree", tiles.draw(title, pictures, "weight")


VIEWS: dict[str, Callable[[Seen], Page]] = {
    "first_layer": first_layer,
    "diversity": diversity,
    "feature_maps": feature_maps,
    "plane": plane,
    "known_latents": known_latents,
    "known_lower": known_lower,
    "classes": classes,
    "progression": progression,
    "excited": excited,
    "soft_tree": soft_tree,
}


def _tile(seen: Seen, caption: str, volume: np.ndarray, at: int | None = None) -> Tile:
    """A coronal slice of a volume, by default its strongest, with its coordinate."""
    cut = tiles.fullest(volume) if at is None else at
    place = seen.place(cut, volume.shape[1])
    return Tile(f"{caption}\n{place}" if caption else place, slice_picture(volume, cut))


def _arrays(volumes: Tensor) -> np.ndarray:
    return volumes.detach().contiguous().numpy()

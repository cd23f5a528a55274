"""A cohort as a folder, whole or absent."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import torch

from bench.contracts import BadInput, Cohort, Truth
from bench.explore.export import courses, nifti, people
from bench.explore.export.layout import (
    PIPELINE,
    README,
    VECTORS,
    About,
    Layout,
    bids_label,
    described,
    write_json,
    write_table,
)
from bench.explore.export.maps import ExportedMaps
from bench.explore.export.models import LOADER, ExportedModel
from bench.explore.export.origins import origin
from bench.store import files


def write(
    folder: Path,
    cohort: Cohort,
    about: About,
    maps: Iterable[ExportedMaps] = (),
    models: Iterable[ExportedModel] = (),
) -> Path:
    """Write images, twins, regions, domain, truths, maps and models to `folder`, in place of what was there.

    Raises:
        BadInput: where the folder cannot be written.
    """
    with sentence_if_refused(folder), files.scratch(folder) as copy:
        layout = Layout(copy, about.modality, about.visits)
        _root(layout, cohort, about)
        _derived(layout, cohort)
        courses.write(layout, cohort)
        for exported in maps:
            _maps(layout, exported, cohort)
        for model in models:
            _model(layout, model)
        files.publish(copy, folder, replace=True)
    return folder


@contextmanager
def sentence_if_refused(folder: Path) -> Iterator[None]:
    """Turn a place that cannot be written, on the way to `folder`, into one sentence."""
    try:
        yield
    except (PermissionError, NotADirectoryError) as error:
        raise BadInput(
            f"{folder} cannot be written ({error.strerror}: {error.filename}); make it writable or choose another "
            "place with paths.results=..."
        ) from error


def _root(layout: Layout, cohort: Cohort, about: About) -> None:
    for row, name in enumerate(layout.names(len(cohort))):
        image = layout.image(name)
        nifti.write(image, cohort.images[row], cohort.affine)
        # NIfTI keeps the affine in single precision
        sidecar = {"Description": origin(about.heads, about.modality).image, "Affine": cohort.affine.tolist()}
        write_json(image.with_name(image.name.replace(".nii.gz", ".json")), sidecar)
    title = ", ".join(filter(None, (f"Plumbline {about.simulator}", origin(about.heads, about.modality).words)))
    write_json(layout.folder / "dataset_description.json", described(title, "raw"))
    people.write(layout, cohort, about)
    readme = README.format(simulator=about.simulator, origin=origin(about.heads, about.modality).readme)
    (layout.folder / "README").write_text(readme)


def _derived(layout: Layout, cohort: Cohort) -> None:
    root, affine = layout.derivatives(), cohort.affine
    write_json(root / "dataset_description.json", described(PIPELINE, "derivative"))
    names = pd.DataFrame({"index": range(1, len(cohort.region_names) + 1), "name": cohort.region_names})
    write_table(root / "dseg.tsv", names)
    for row, name in enumerate(layout.names(len(cohort))):
        nifti.write(layout.twin(name), cohort.twins[row], affine)
        nifti.write(layout.derived(name, "dseg.nii.gz"), cohort.regions[row], affine)
        nifti.write(layout.derived(name, "mask.nii.gz"), cohort.domain[row].to(torch.uint8), affine)
    for truth in cohort.truths.values():
        _truth(layout, truth, cohort)


def _truth(layout: Layout, truth: Truth, cohort: Cohort) -> None:
    ending = f"desc-{bids_label(truth.name)}_truth"
    vectors = {column: v for column in VECTORS if (v := getattr(truth, column)) is not None}
    parts = [*(["volume"] if truth.volume is not None else []), *vectors]
    write_json(layout.derivatives() / f"{ending}.json", {"Name": truth.name, "Signed": truth.signed, "Parts": parts})
    for row, name in enumerate(layout.names(len(cohort))):
        if truth.volume is not None:
            nifti.write(layout.derived(name, f"{ending}.nii.gz"), truth.volume[row], cohort.affine)
        if vectors:
            columns = {column: vector[row].double().numpy() for column, vector in vectors.items()}
            write_table(layout.derived(name, f"{ending}.tsv"), pd.DataFrame({"name": cohort.region_names, **columns}))


def _maps(layout: Layout, exported: ExportedMaps, cohort: Cohort) -> None:
    write_json(layout.derivatives(exported.model) / "dataset_description.json", described(exported.model, "derivative"))
    for name, volume in zip(layout.names(len(exported.volumes)), exported.volumes, strict=True):
        nifti.write(
            layout.derived(name, f"desc-{bids_label(exported.method)}_map.nii.gz", exported.model),
            volume,
            cohort.affine,
        )


def _model(layout: Layout, model: ExportedModel) -> None:
    root = layout.derivatives(model.name)
    model.write(root)
    write_json(root / "dataset_description.json", described(model.name, "derivative"))
    loader = layout.folder / "code" / "load_model.py"
    loader.parent.mkdir(exist_ok=True)
    loader.write_text(LOADER)

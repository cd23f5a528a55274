"""Method pictures of the page: one strip per method and network, all in the same slices, the truth outlined."""

import base64
import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.font_manager import findfont
from PIL import Image, ImageDraw, ImageFont

from bench.columns.aggregated import PICTURES
from bench.report.figures.compose import overlay
from bench.report.figures.style import FONT, display_name
from bench.report.load.panels import SIDES, WHO, Array, PictureSet, cropped_pictures
from bench.report.rankings.ranked_results import RankedResults

#: pixels across a strip, a fifth more than a card of the page has; quality of its compression
_WIDTH, _QUALITY = 400, 60
_GUTTER = 12
#: letters of the sides: as a share of the picture's height, at least so many pixels, colour
_LETTER, _LEAST, _INK = 0.1, 12, "#3c4043"


@dataclass(frozen=True)
class Strip:
    """One picture: method "" is the truth; rows of pictures.csv give subject, slice and scale of each panel."""

    method: str
    image: str
    alt: str
    rows: list[int]


@dataclass(frozen=True)
class Sheet:
    """All strips of one simulator and network, the truth first, then the methods in the order of the ranking."""

    simulator: str
    network: str
    plane: str
    strips: list[Strip]


def sheets(source: RankedResults) -> tuple[list[Sheet], pd.DataFrame]:
    """The sheets, main network first, and the table pictures.csv of subjects, slices and scales."""
    all_sheets: list[Sheet] = []
    rows: list[dict[str, object]] = []
    main = source.results.main_network
    for simulator, whole in source.pictures.items():
        images = cropped_pictures(whole)
        for network in sorted(images.maps, key=lambda name: (name != main, name)):
            strips = [_strip(images, simulator, network, method, rows) for method in _order(source, images, network)]
            all_sheets.append(Sheet(simulator, network, images.plane, strips))
    return all_sheets, pd.DataFrame(rows, columns=PICTURES.names)


def _order(source: RankedResults, images: PictureSet, network: str) -> list[str]:
    return ["", *(method for method in source.order(network) if method in images.maps[network])]


def _strip(images: PictureSet, simulator: str, network: str, method: str, rows: list[dict[str, object]]) -> Strip:
    count = len(images.subjects)
    if method:
        values, scales = images.maps[network][method], images.scales[network][method]
    else:
        values, scales = images.truth, images.truth_scale
    panels = [overlay(images.brain[p], values[p], float(scales[p]), images.truth[p]) for p in range(count)]
    start = len(rows)
    for p in range(count):
        subject, state = int(images.subjects[p]), WHO[int(images.labels[p])]
        place = images.plane, int(images.slices[p]), round(float(images.positions[p]), 1)
        row = (simulator, network, method or "truth", subject, state, *place, f"{scales[p]:.3g}")
        rows.append(dict(zip(PICTURES.names, row, strict=True)))
    what = f"Map of {display_name(method)} on {display_name(network)}" if method else "Truth"
    alt = f"{what}, {display_name(simulator)}, {images.plane} slices of {count} subjects on the brain, truth outlined"
    return Strip(method, as_strip(panels, images.plane), alt, list(range(start, len(rows))))


def as_strip(panels: list[Array], plane: str) -> str:
    """RGB pictures in 0..1 side by side, with the letters of the subject's sides, as a data URI of a small WebP."""
    gap = np.ones((panels[0].shape[0], _GUTTER, 3))
    picture = np.hstack([piece for panel in panels for piece in (panel, gap)][:-1])
    image = Image.fromarray(np.round(255 * np.clip(picture, 0, 1)).astype(np.uint8))
    whole = image.width
    image.thumbnail((_WIDTH, _WIDTH))
    for k, panel in enumerate(panels):
        left = k * (panel.shape[1] + _GUTTER)
        _lettered(image, plane, left * image.width / whole, (left + panel.shape[1]) * image.width / whole)
    return webp(image, quality=_QUALITY)


def _lettered(image: Image.Image, plane: str, left: float, right: float) -> None:
    """Letters of the sides in the lower corners of a picture that reaches from left to right."""
    draw, font = ImageDraw.Draw(image), ImageFont.truetype(findfont(FONT), max(_LEAST, round(_LETTER * image.height)))
    for side, x, anchor in zip(SIDES[plane][:2], (left + 1, right - 1), ("ls", "rs"), strict=True):
        draw.text((x, image.height - 2), side, _INK, font, anchor, stroke_width=1, stroke_fill="white")


def webp(image: Image.Image, **options: Any) -> str:
    """An image as a data URI, compressed as far as it goes."""
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", method=6, **options)
    return data_uri("image/webp", buffer.getvalue())


def data_uri(kind: str, content: bytes) -> str:
    """A data URI."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"

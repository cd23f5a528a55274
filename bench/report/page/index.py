"""Index of the pages of several studies: one HTML file that needs no network."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def index(pages: list[tuple[str, str]]) -> str:
    """The HTML of the index. pages: the folder of each, below that of the index, and its citation, "" for none."""
    loader = FileSystemLoader(Path(__file__).parent / "templates")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.get_template("index.html.j2").render(pages=pages)

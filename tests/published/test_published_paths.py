"""Committed tables and pages name no folder of the machine that made them."""

import re
from pathlib import Path

PUBLISHED = Path(__file__).parents[2] / "results" / "published"
#: how folders of machines begin, where no letter stands before
FOLDERS = re.compile(rb"(?<![\w.])/(tmp|home|root|work|Users|mnt|data|scratch)/")


def test_no_published_file_names_a_machines_folder():
    texts = [path for kind in ("*.json", "*.csv", "*.html") for path in PUBLISHED.rglob(kind)]
    named = {str(path.relative_to(PUBLISHED)) for path in texts if FOLDERS.search(path.read_bytes())}
    assert len(texts) > 20 and named == set()

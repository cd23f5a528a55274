"""Spot checks of a published study: cells drawn by a seed, computed alone, and compared with what was published."""

import pandas as pd
import pytest

from bench.columns.between import SPOT
from bench.contracts import BadInput
from bench.verify import spot


@pytest.fixture
def published(whole, home):
    whole[1]("publish")
    return home


def changed(folder, by):
    """Raise every published score."""
    for path in folder.glob("scores/*/*/*.parquet"):
        rows = pd.read_parquet(path, partitioning=None)
        rows.assign(value=rows["value"] + by).to_parquet(path, index=False)


@pytest.mark.full
def test_a_cell_computed_again_is_the_published_one_bit_for_bit(whole, published, capsys):
    folder, call = whole
    assert call("spot", "count=1", "seed=3") == 0
    heard = capsys.readouterr().out
    assert "python -m bench run" in heard and "0 with a value that is not the same number, 0 outside" in heard
    table = pd.read_csv(folder / "spot" / "spot.csv", keep_default_na=False)
    assert list(table.columns) == SPOT.names and set(table["subjects"]) == {0, 16} and (table["differing"] == 0).all()
    assert {path.name for path in (folder / "spot").iterdir()} == {"spot.csv"}, "nothing of the computation is left"
    changed(published, by=0.2)
    assert call("spot", "count=1", "seed=3") == 1
    assert "outside the tolerance" in capsys.readouterr().out


def test_the_seed_draws_among_the_cells_that_the_code_has(published, planned, capsys):
    study = planned("seed.data=0,1", "seed.model=0", "method=[random,gradient]", "metric=[calibrated_ap]", "maps=2")
    draws = [[cell.key for cell in spot.drawn_cells(study, published, 2, seed)] for seed in (0, 0, *range(1, 9))]
    assert draws[0] == draws[1] and len({*map(tuple, draws)}) > 2 and all(len({*keys}) == 2 for keys in draws)
    with pytest.raises(BadInput, match=r"count=5 is not possible: give at most 4, as the code has 4 of the 4 cells"):
        spot.drawn_cells(study, published, 5, 0)
    newer = planned("seed.data=0", "seed.model=0", "method=[random,gradient]", "metric=[calibrated_ap]", "maps=2")
    with pytest.raises(BadInput, match=r"as the code has 2 of the 4 cells of .*; commit (01234567){5} has all"):
        spot.drawn_cells(newer, published, 3, 0)


def test_nothing_published_is_nothing_to_check(whole, home, capsys):
    assert whole[1]("spot") == 2
    assert "nothing is published in" in capsys.readouterr().err

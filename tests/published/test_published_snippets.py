"""Code of results/README.md, which gives the means of the published leaderboard to their digits."""

import pandas as pd
import pytest
from fences import ROOT, blocks, executed

BOARD = ROOT / "results" / "published" / "quick" / "leaderboard.csv"
AT = ["simulator", "network", "method"]


@pytest.fixture(scope="module")
def published():
    """Means of the anatomy ranking on each simulator, as the table has them."""
    board = pd.read_csv(BOARD)
    single = board["simulator"].isin(pd.read_csv(BOARD.parent / "models.csv")["simulator"])
    rows = board[single & board["ranking"].eq("anatomy") & board["mean"].notna()]
    return rows.set_index(AT)["mean"].sort_index()


def test_pandas_gives_the_leaderboard_to_its_digits(published, monkeypatch):
    monkeypatch.chdir(ROOT)
    (source,) = blocks("results/README.md", "python", "Reading the scores")
    board = executed(source, monkeypatch).board
    assert len(published) > 80
    pd.testing.assert_series_equal(board.sort_index(), published, check_exact=True, check_names=False)


def test_duckdb_gives_the_leaderboard_to_its_digits(published, monkeypatch):
    duckdb = pytest.importorskip("duckdb", reason="needs duckdb, which the extra `test` installs")
    monkeypatch.chdir(ROOT)
    (query,) = blocks("results/README.md", "sql", "Reading the scores")
    board = duckdb.sql(query).df().set_index(AT)["mean"].sort_index()
    pd.testing.assert_series_equal(board, published, check_exact=True, check_names=False)

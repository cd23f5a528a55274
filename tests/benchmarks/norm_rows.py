"""The rows of norms of 985 adults, from the file that they were taken from; prints them beside the tables in use.

python tests/benchmarks/norm_rows.py FOLDER

FOLDER holds fcon1000_tr.csv and fcon1000_te.csv of the folder data of PCNtoolkit-demo (`norm_sources.csv`). A row that
differs from the table by more than its third digit ends the script with an error.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from simulators.anatomy.norms import norms, slope_norms
from simulators.realism.statistics import QUANTITIES

#: columns of the file by structure; the two sides follow one another
COLUMNS = {
    "brain": ["BrainSegVolNotVent"],
    "grey matter": ["TotalGrayVol"],
    "white matter": ["CerebralWhiteMatterVol"],
    **{
        name: [f"{side}-{column}" for side in ("Left", "Right")]
        for name, column in (
            ("hippocampus", "Hippocampus"),
            ("amygdala", "Amygdala"),
            ("thalamus", "Thalamus-Proper"),
            ("caudate", "Caudate"),
            ("putamen", "Putamen"),
            ("pallidum", "Pallidum"),
            ("lateral ventricle", "Lateral-Ventricle"),
        )
    },
}
#: years of the people whose volumes vary, and of those who age
ADULT, AGEING = (18, 60), (40, 85)
TOGETHER = ("thalamus", "lateral ventricle")


def aged(people: pd.DataFrame, years: tuple[int, int]) -> pd.DataFrame:
    """People of these ages."""
    return people[people["age"].between(*years)]


def relative(people: pd.DataFrame, structure: str) -> np.ndarray:
    """Volumes (n, sides) over the mean of their site."""
    volumes = people[COLUMNS[structure]]
    return (volumes / volumes.groupby(people["site"]).transform("mean")).to_numpy()


def variation(people: pd.DataFrame) -> Iterator[tuple[str, str, float, float]]:
    """Structure, quantity, value, and value in the table."""
    brain = relative(people, "brain")[:, 0]
    for norm in norms():
        if "fcon1000" in norm.source:
            # asymmetries are those of all sites together, how these scan included
            by_site = norm.quantity != "asymmetry p90"
            volumes = relative(people, norm.structure) if by_site else people[COLUMNS[norm.structure]].to_numpy()
            yield norm.structure, norm.quantity, QUANTITIES[norm.quantity](volumes, brain), norm.value


def slopes(people: pd.DataFrame) -> Iterator[tuple[str, str, float, float]]:
    """The same of the logarithm of volumes over a decade, beside sex and site."""
    design = pd.get_dummies(people["site"]).astype(float).assign(age=people["age"] / 10, sex=people["sex"])
    for norm in slope_norms():
        if norm.quantity == "per decade of age":
            volume = np.log(people[COLUMNS[norm.structure]].sum(axis=1).to_numpy())
            fitted = np.linalg.lstsq(design.to_numpy(), volume, rcond=None)[0]
            yield norm.structure, norm.quantity, float(fitted[list(design).index("age")]), norm.value


def together(people: pd.DataFrame) -> float:
    """Correlation of two structures beside the volume of the brain."""
    brain = relative(people, "brain")[:, 0]
    sums = np.stack([relative(people, structure).mean(1) for structure in TOGETHER], axis=1)
    return QUANTITIES["sides r beside brain"](sums, brain)


def main() -> None:
    """Read, print, compare."""
    if len(sys.argv) < 2:
        print("nothing compared: name the folder of the two files")
        return
    people = pd.concat([pd.read_csv(Path(sys.argv[1]) / f"fcon1000_{part}.csv") for part in ("tr", "te")])
    adults = aged(people, ADULT)
    rows = [*variation(adults), *slopes(aged(people, AGEING))]
    table = pd.DataFrame(rows, columns=["structure", "quantity", "value", "in the table"])
    print(table.round(4).to_string(index=False))
    print(f"{len(adults)} adults, median age {adults['age'].median():g}")
    print(f"{' and '.join(TOGETHER)} beside the brain: r {together(adults):.3f}")
    off = ~np.isclose(table["value"], table["in the table"], rtol=0.006, atol=0.0006)
    if off.any():
        sys.exit(f"{off.sum()} rows differ from the tables:\n{table[off].to_string(index=False)}")


if __name__ == "__main__":
    main()

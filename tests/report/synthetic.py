"""A study as the harness writes it, made of numbers with known structure: true quality per method, crossed noise."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from bench.columns.written import MECHANISMS, PROVENANCE
from bench.columns.written import SIMULATORS as WRITTEN
from bench.report.load import panels
from bench.report.load.results import Results
from bench.report.rankings import tables
from bench.report.rankings.blocks import Blocks

SIMULATORS = {"mtl_atrophy": "Medial temporal atrophy", "focal": "Focal lesions at random places"}
#: that of both simulators, unless `study` is told otherwise
GROUP = "fixed atrophy"
NETWORKS = {"gap_cnn": "bench.networks.cnn.CNN", "linear": "bench.networks.linear.Linear"}
#: columns of models that a task of two classes without cues leaves empty
NOT_ASKED = ["pair", "r2", "r2_low", "r2_high", "r2_reference", "r_off"]
NOT_ASKED += ["auc_decorrelated", "auc_reversed", "r2_decorrelated", "r2_reversed"]
MARKUP = "<script>alert(1)<b>"
#: method -> (role, quantity, quality on the anatomy truth, quality on use)
METHODS = {
    "random": ("control", "sensitivity", 0.0, 0.05),
    "sobel": ("control", "location", 0.12, 0.15),
    "input_magnitude": ("control", "location", 0.06, 0.20),
    "oracle_counterfactual": ("oracle", "location", 1.0, 0.5),
    "oracle_use": ("oracle", "location", 0.5, 1.0),
    "gradient": ("method", "sensitivity", 0.25, 0.40),
    "smoothgrad": ("method", "sensitivity", 0.35, 0.45),
    "integrated_gradients": ("method", "contribution", 0.45, 0.62),
    "gradient_x_input": ("method", "contribution", 0.30, 0.52),
    "occlusion": ("method", "location", 0.70, 0.75),
    "grad_cam": ("method", "location", 0.695, 0.35),
    "lrp_epsilon": ("method", "contribution", 0.44, 0.60),
    MARKUP: ("method", "location", 0.10, 0.10),
    "broken": ("method", "location", 0.0, 0.0),
}
METRICS = {
    # kind, higher, low, high, chance, unit, localisation, truths
    "calibrated_ap": ("map", True, -np.inf, 1, 0.0, "skill", True, "counterfactual"),
    "region_ap": ("map", True, -np.inf, 1, None, "skill", True, "use"),
    "infidelity": ("model", False, 0, np.inf, None, "share of df^2", False, ""),
    "max_sensitivity": ("explainer", False, 0, np.inf, None, "share of |map|", False, ""),
    "cascading_randomisation": ("explainer", False, -2, 2, None, "similarity", False, ""),
    "retraining_stability": ("compare", True, -1, 1, None, "correlation", False, ""),
}
LAYERS = 4
REGIONS = ("left hippocampus", "right hippocampus", "left thalamus", "right occipital white matter")


def study(
    folder: Path,
    data_seeds: int = 5,
    model_seeds: int = 1,
    subjects: int = 30,
    seed: int = 0,
    networks: Sequence[str] = ("gap_cnn",),
) -> Path:
    """Write a whole study: one failed method, ties, markup in a name; of `linear`, no model of `focal` passes the gate.

    A table takes as long again for every network, and most tests look at one.
    """
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    units = [(d, m) for d in range(data_seeds) for m in range(model_seeds)]
    _models(units, networks, rng).to_csv(folder / "models.csv", index=False)
    for simulator in SIMULATORS:
        for network in networks:
            _partition(folder, simulator, network, _scores(simulator, network, units, subjects, rng))
    _catalogues(folder)
    _declared(folder)
    _costs(units, networks, rng).to_parquet(folder / "costs.parquet", index=False)
    _provenance(networks).to_parquet(folder / "provenance.parquet", index=False)
    (folder / "study.json").write_text(json.dumps(_about(data_seeds, model_seeds, networks)))
    regrouped(folder, dict.fromkeys(SIMULATORS, GROUP))
    panels.write(folder / "panels.npz", {name: _volumes(name, networks, rng) for name in SIMULATORS})
    return folder


def leaderboard(results: Results) -> pd.DataFrame:
    """The leaderboard of a study, written nowhere."""
    return tables.aggregate(results, Blocks.read(results))["leaderboard"]


def shortcut(folder: Path, cued: str, clean: str, share: float = 0.4) -> Path:
    """Add mean maps to a study: under models of `cued`, methods put this share of their maps on the last region."""
    rng = np.random.default_rng(1)
    for part in sorted(folder.glob("scores/simulator=*/network=*")):
        marked = share if part.parent.name == f"simulator={cued}" else 0.0
        for file in sorted(part.glob("*.parquet")):
            rows = pd.read_parquet(file, partitioning=None)
            if not (rows["status"] == "ok").any():
                continue
            read = METHODS[rows["method"].iloc[0]][0] == "method"
            pd.concat([rows, _mean_maps(rows, marked if read else 0.0, read, rng)]).to_parquet(file, index=False)
    metric = {"metric": "mean_maps", "kind": "group", "higher_is_better": True, "low": 0, "high": np.inf, "chance": "",
              "floor": "", "unit": "share", "localisation": False, "assisted": False, "truths": "", "compared_on": "",
              "version": "1", "reference": "Author, 2020",
              "summary": "How far mean maps lie apart.", "parameters": "{}"}  # fmt: skip
    metrics = pd.read_csv(folder / "metrics.csv", keep_default_na=False)
    pd.concat([metrics, pd.DataFrame([metric])]).to_csv(folder / "metrics.csv", index=False)
    about = json.loads((folder / "study.json").read_text())
    (folder / "study.json").write_text(json.dumps({**about, "detect": {cued: clean}}))
    return folder


def _mean_maps(rows: pd.DataFrame, marked: float, read: bool, rng: np.random.Generator) -> pd.DataFrame:
    """One value a model, side and region, of the models that have values; equal for all models if none is read."""
    ok = rows[(rows["status"] == "ok") & (rows["data_seed"] >= 0)].drop_duplicates(["data_seed", "model_seed"])
    found = []
    for model in ok.to_dict("records"):
        raw = rng.gamma(20, size=len(REGIONS)) if read else np.ones(len(REGIONS))
        raw = (1 - marked) * raw / raw.sum()
        raw[-1] += marked
        for side in ("patients", "controls"):
            found += [
                {**model, "subject": -1, "stratum": "", "view": "", "truth": "", "metric": f"mean_maps.{side}_{region}",
                 "value": value}
                for region, value in zip(REGIONS, raw, strict=True)
            ]  # fmt: skip
    return pd.DataFrame(found, columns=rows.columns)


def _partition(folder: Path, simulator: str, network: str, scores: pd.DataFrame) -> None:
    path = folder / "scores" / f"simulator={simulator}" / f"network={network}"
    path.mkdir(parents=True, exist_ok=True)
    for method, rows in scores.groupby("method"):
        name = f"{list(METHODS).index(str(method)):02d}.parquet"
        rows.drop(columns=["simulator", "network"]).to_parquet(path / name, index=False)


def _scores(simulator: str, network: str, units: list, subjects: int, rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    hard, of_seed = rng.normal(0, 0.04, subjects), rng.normal(0, 0.02, 1 + max(d for d, _ in units))
    weak = 0.1 if simulator == "focal" else 0.0
    for method, (role, _, anatomy, use) in METHODS.items():
        common = {"simulator": simulator, "network": network, "split": "evaluation", "method": method}
        unsupported = method == "grad_cam" and network == "linear"
        for d, m in units:
            for i in range(subjects):
                key = {**common, "data_seed": d, "model_seed": m, "subject": i, "stratum": ["TN", "TP"][i % 2]}
                noise = hard[i] + of_seed[d] if role != "oracle" and method != "random" else 0.0
                values = _values(method, role, anatomy, use, noise, weak, rng)
                for (metric, truth), value in values.items():
                    status, reason = "ok", ""
                    if unsupported:
                        status, reason, value = "unsupported", "no convolutional layer", np.nan
                    elif method == "broken":
                        status, reason, value = "failed", "ValueError: <b>boom</b>", np.nan
                    elif metric == "region_ap" and i == 3:
                        status, reason, value = "undefined", "no region above the noise floor", np.nan
                    view = "abs" if METRICS[metric.split(".")[0]][0] == "map" else ""
                    score = {"metric": metric, "truth": truth, "value": value, "status": status, "reason": reason}
                    rows.append({**key, "view": view, **score})
        for i in range(subjects if not unsupported and method != "broken" else 0):
            for column, mean in (("", 0.5 + 0.4 * anatomy), (".floor_subjects", 0.2), (".use", 0.8)):
                rows.append({
                    **common, "view": "", "data_seed": -1, "model_seed": -1, "subject": i, "stratum": "TP",
                    "metric": f"retraining_stability{column}", "truth": "", "value": mean + rng.normal(0, 0.03),
                    "status": "ok", "reason": "",
                })  # fmt: skip
    return pd.DataFrame(rows)


def _values(method: str, role: str, anatomy: float, use: float, noise: float, weak: float, rng: np.random.Generator):
    oracle = {"oracle_counterfactual": "calibrated_ap", "oracle_use": "region_ap"}.get(method)
    drop = weak if role == "method" else 0.0
    jitter = rng.normal(0, 0.03, 4 + LAYERS)
    values = {
        ("calibrated_ap", "counterfactual"): min(1.0, anatomy - drop + noise + jitter[0]),
        ("region_ap", "use"): min(1.0, use - drop + noise + jitter[1]),
        ("infidelity", ""): max(0.0, 1 - use + abs(jitter[2])),
        ("max_sensitivity", ""): 0.2 + abs(jitter[3]),
        ("cascading_randomisation", ""): (0.6 if role == "control" else 0.1) + jitter[4],
        ("cascading_randomisation.floor", ""): 0.25 + jitter[5],
    }
    for k in range(LAYERS):
        kept = 1.0 if role == "control" else float(np.exp(-(k + 1) * (1.3 - anatomy)))
        values[("cascading_randomisation." + f"layer_{k + 1}_of_{LAYERS}", "")] = kept + 0.2 * jitter[4 + k]
    if oracle:
        values = {k: 1.0 if k[0] == oracle else v for k, v in values.items()}
    return values


def _models(units: list, networks: Sequence[str], rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for simulator in SIMULATORS:
        for network in networks:
            below = (simulator, network) == ("focal", "linear")
            for d, m in units:
                auc = (0.62 if below else 0.93) + rng.normal(0, 0.01)
                competence = (auc - 0.5) / 0.45
                rows.append({
                    "simulator": simulator, "network": network, "data_seed": d, "model_seed": m, "auc": round(auc, 4),
                    "auc_low": round(auc - 0.02, 4), "auc_high": round(auc + 0.02, 4), "auc_reference": 0.95,
                    "competence": round(competence, 4), "competence_low": round(competence - 0.05, 4), "auc_off": 0.503,
                    **dict.fromkeys(NOT_ASKED, ""),
                    "passed": not below, "reason": "competence 0.22 is below 0.8" if below else "",
                    "train_subjects": 1200, "epochs": 8, "weights": f"{d}{m}ab12cd34ef56", "separability_asked": 0.95,
                    "separability_reached": 0.951, "separability_low": 0.945, "separability_high": 0.957,
                    "init_seed": m, "order_seed": m, "cohort": "0123456789abcdef",
                })  # fmt: skip
    return pd.DataFrame(rows)


def _catalogues(folder: Path) -> None:
    methods = [
        {
            "method": name, "family": role if role != "method" else "gradients", "quantity": quantity, "role": role,
            "reads_model": role == "method", "signed": quantity != "location",
            "stochastic": name in ("random", "smoothgrad"), "reference_class": "none",
            "truth": name.split("_", 1)[1] if role == "oracle" else "",
            "cost": "forward + backward", "convergence": "", "converged": "",
            "version": "1", "reference": "Author et al., Journal 2020",
            "summary": f"What {name} does in one sentence.",
            "parameters": json.dumps({"truth": name.split("_", 1)[1]} if role == "oracle" else {}),
        }
        for name, (role, quantity, _, _) in METHODS.items()
    ]  # fmt: skip
    pd.DataFrame(methods).to_csv(folder / "methods.csv", index=False)
    metrics = [
        {
            "metric": name, "kind": kind, "higher_is_better": up, "low": low, "high": high,
            "chance": "" if chance is None else chance, "floor": "", "unit": unit, "localisation": local,
            "assisted": False, "truths": truths, "compared_on": "",
            "version": "1", "reference": "Author et al., Journal 2020", "summary": f"What {name} measures.",
            "parameters": "{}",
        }
        for name, (kind, up, low, high, chance, unit, local, truths) in METRICS.items()
    ]  # fmt: skip
    pd.DataFrame(metrics).to_csv(folder / "metrics.csv", index=False)
    failure = {"simulator": "focal", "network": "gap_cnn", "data_seed": 0, "model_seed": 1, "stage": "attribute",
               "method": "broken", "metric": "", "status": "failed", "reason": "ValueError: <b>boom</b>"}  # fmt: skip
    pd.DataFrame([failure]).to_csv(folder / "failures.csv", index=False)


def _provenance(networks: Sequence[str]) -> pd.DataFrame:
    """Where the explained subjects of each simulator come from, under the name of its first model."""
    cells = [{"unit": f"{name}-{networks[0]}-d0-m0", "key": f"{i:016x}"} for i, name in enumerate(SIMULATORS)]
    return pd.DataFrame([{**dict.fromkeys(PROVENANCE.names, ""), "stage": "simulate", **cell} for cell in cells])


def _declared(folder: Path) -> None:
    """What the simulators say has no value, and what their audits found."""
    matrix = [
        {"simulator": s, "truth": t, "metric": m, "defined": not why, "reason": why}
        for s in SIMULATORS
        for m, t, why in [
            ("calibrated_ap", "counterfactual", ""),
            ("calibrated_ap", "edit", "one cause decides the label"),
            ("region_ap", "use", ""),
        ]
    ]
    pd.DataFrame(matrix).to_csv(folder / "validity.csv", index=False)
    audits = [
        {"simulator": s, "key": "0a1b2c3d4e5f6071", "audit": "twins", "auc": 0.506, "low": 0.481, "high": 0.531,
         "n": 1000, "reference": 0.95, "verdict": "passed"}
        for s in SIMULATORS
    ]  # fmt: skip
    pd.DataFrame(audits).to_csv(folder / "simulator_audits.csv", index=False)
    pd.DataFrame(columns=MECHANISMS.names).to_csv(folder / "mechanisms.csv", index=False)


def _costs(units: list, networks: Sequence[str], rng: np.random.Generator) -> pd.DataFrame:
    rows = [
        {"simulator": s, "network": n, "data_seed": d, "model_seed": m, "stage": stage, "method": method, "metric": "",
         "seconds": float(rng.uniform(0.1, 3)), "forward": 24, "backward": 24, "peak_mb": 512.0}
        for s in SIMULATORS for n in networks for d, m in units
        for stage, method in [("train", ""), ("simulate", ""), *(("attribute", name) for name in METHODS)]
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _about(data_seeds: int, model_seeds: int, networks: Sequence[str]) -> dict:
    return {
        "name": "synthetic", "created": "2026-01-02T03:04:05+00:00", "version": "0.1.0", "git_sha": "0123456789abcdef",
        "command": f"python -m bench study=synthetic 'name={MARKUP}'",
        "git_dirty": False, "device": "cpu", "python": "3.11.7", "torch": "2.13.0",
        "headline": {
            "anatomy": {"metric": "calibrated_ap", "truth": "counterfactual", "view": "abs", "strata": []},
            "faithfulness": {"metric": "region_ap", "truth": "use", "view": "abs", "strata": []},
        },
        "against": {"methods": ["controls", "gradient"]}, "detect": {},
        "axes": {"simulator": list(SIMULATORS), "network": list(networks)},
        "data_seeds": list(range(data_seeds)), "model_seeds": list(range(model_seeds)),
        "simulators": SIMULATORS, "networks": {name: NETWORKS[name] for name in networks},
    }  # fmt: skip


def regrouped(folder: Path, groups: dict[str, str]) -> Path:
    """The study with its simulators, which may have new names, in other groups."""
    numbers = {"voxels": 300, "voxels_low": 100, "voxels_high": 500, "ml": 100, "ml_low": 30, "ml_high": 170}
    rows = [
        {"simulator": name, **dict(zip(("place", "family"), group.split(), strict=True)), "voxel_mm": 7.0,
         "truth": "counterfactual", "subjects": 6, "domain": 0.05, **numbers}
        for name, group in groups.items()
    ]  # fmt: skip
    pd.DataFrame(rows)[WRITTEN.names].to_csv(folder / "simulators.csv", index=False)
    about = json.loads((folder / "study.json").read_text())
    about["simulators"] = {name: SIMULATORS.get(name, name) for name in groups}
    (folder / "study.json").write_text(json.dumps(about))
    return folder


def _volumes(simulator: str, networks: Sequence[str], rng: np.random.Generator) -> panels.Volumes:
    shape, subjects = (24, 32, 24), 3
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, n) for n in shape], indexing="ij"))
    radius = np.sqrt(((grid / np.array([0.8, 0.9, 0.85])[:, None, None, None]) ** 2).sum(0))
    inside, brains, truths = radius < 1, [], []
    for _ in range(subjects):
        texture = 0.55 + 0.25 * np.cos(7 * radius + rng.normal()) + rng.normal(0, 0.03, shape)
        brains.append(np.where(inside, texture, 0.0))
        sides = [(-0.4, 0.0, -0.3), (0.4, 0.0, -0.3)] if simulator == "mtl_atrophy" else [rng.uniform(-0.4, 0.4, 3)]
        spots = [((grid - np.array(c)[:, None, None, None]) ** 2).sum(0) for c in sides]
        sign = -1 if simulator == "mtl_atrophy" else 1
        truths.append(0.3 * sign * sum(np.exp(-s / 0.02) * (s < 0.06) for s in spots))
    brain, truth = np.stack(brains), np.stack(truths)
    maps = {
        network: {
            name: inside * (quality * truth / 0.3 + (1 - quality) * 0.4 * rng.normal(size=truth.shape))
            for name, (_, _, quality, _) in METHODS.items()
            if name != "broken" and not (name == "grad_cam" and network == "linear")
        }
        for network in networks
    }
    ids, affine = np.arange(subjects), np.diag([6.0, 6, 6, 1])
    affine[:3, 3] = -72, -96, -72
    return panels.Volumes(ids, ids % 2, brain + truth, brain, truth, maps, affine)

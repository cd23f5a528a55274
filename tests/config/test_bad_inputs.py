"""Every impossible command is refused in one sentence that names key and value, before anything is written."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hydra.errors import MissingConfigException

from bench.cli import main
from bench.config.sentences import PIP, say
from bench.provenance import ROOT

pytestmark = pytest.mark.fault("configuration")

FAKES = Path(__file__).parents[1] / "study" / "fakes" / "conf"

#: arguments -> what the sentence must hold
LINES: dict[str, tuple[str, ...]] = {
    # typing mistakes in verbs, keys, names
    "pln": ("no verb 'pln'", "did you mean 'plan'"),
    "plan foo": ("the argument 'foo'", "key=value"),
    "plan -x": ("-x", "--help"),
    "store verfy": ("did you mean 'verify'",),
    "store": ("valid names are prune, verify",),
    "show": ("16 hexadecimal digits",),
    "show 0123456789abcdef": ("no stored result has the key 0123456789abcdef",),
    "report": ("holds no tables", "run the study first"),
    "plan method=[gradiant]": ("'gradiant'", "did you mean 'gradient'"),
    "plan hydra/launcher=jobli": ("hydra/launcher 'jobli'", "did you mean 'joblib'"),
    "plan hydra/launcher=joblib hydra.launcher.n_jobz=2": ("hydra.launcher.n_jobz", "did you mean 'n_jobs'"),
    "plan seeed.data=0": ("'seeed.data'", "did you mean 'seed'"),
    "plan network.width=2": ("network: there is no key 'width'; valid names are",),
    "plan views=[{sing:abs}]": ("views: there is no key 'sing'", "did you mean 'sign'"),
    "plan +foo=1": ("no key 'foo'; valid names are against",),
    "plan ~seed": ("~seed is not possible", "give another value, seed=..."),
    "plan ~simulator.syde": ("simulator: there is no key 'syde'", "did you mean 'side'"),
    "plan ~train.epochs": ("train.epochs is missing",),
    "plan ~seed.data": ("~seed.data is not possible", "give a value"),
    "plan ~seed.data=7": ("'seed.data' is", "and not 7", "~KEY"),
    # a + or a name of nobody chosen
    "plan +method.gradiant.window=3": ("no method 'gradiant' is chosen", "did you mean 'gradient'"),
    "plan method=[random] +method.occlusion.window=3": ("no method 'occlusion' is chosen",),
    # sweeps of Hydra's that have no values to try
    "plan seed.data=interval(0,3)": ("seed.data=interval(0,3) is not possible", "range()"),
    "plan seed.data=glob(*)": ("seed.data=glob(*) is not possible", "glob() chooses files"),
    "plan simulator=focal simulator.amplitude=0.5": ("amplitude=0.5 is not possible", "give simulator.separability"),
    "plan simulator=focal simulator.data_seed=5": ("data_seed=5 is not possible", "give seed.data"),
    "plan method=glob(zzz*)": ("method=glob(zzz*) is not possible", "a name of a method"),
    # launchers
    "plan hydra/launcher=rq": ("'rq' is not installed", "pip install hydra-rq-launcher"),
    "plan hydra.launcher.n_jobs=2": ("hydra.launcher.n_jobs", "hydra/launcher=joblib"),
    "plan hydra/launcher=joblib hydra.launcher.n_jobs=1000000000": ("cannot have 1000000000 workers",),
    # keys that nobody typed are not blamed
    "plan study=quick explain.subjects=4": (
        "use.subjects=",
        "at most explain.subjects=4",
        "or explain.subjects of at least",
    ),
    # packages that are not on the path
    "plan trusted=[mylab] simulator._target_=mylab.brain.Brain": ("No module named 'mylab'", "PYTHONPATH"),
    "plan =3": ("no key ''",),
    "plan simulator@x=box": ("'simulator@x'", "write simulator=..."),
    "plan simulator.target=2": ("no key 'target'; valid names are",),
    # wrong types, lists where scalars belong
    "plan views=3": (
        "views=3 is not possible: give a value like [{'sign': 'abs', 'fwhm_mm': 0.0, 'fwhm_voxels': 0.0}]",
    ),
    "plan views.sign=abs": ("views.sign=abs is not possible", "views=[...]"),
    "plan headline.anatomy=3": ("headline.anatomy=3 is not possible: give",),
    "plan explain.subjects=many": ("explain.subjects=many", "give a value like 24"),
    "plan explain.subjects=null": ("explain.subjects=null", "give a value like 24"),
    "plan seed.data=1.5": ("seed.data=1.5", "whole number of at least 0"),
    "plan seed.data=[]": ("seed.data=[]", "at least one value"),
    "plan method=null": ("method=null", "is not possible: give the name of a"),
    "plan simulator=[box]": ("simulator=[...]", "simulator=a,b"),
    "plan maps=some": ("maps='some'", "one of all, none or a whole number"),
    "plan train.epochs=[1,2]": ("train.epochs=[1, 2]", "whole number"),
    "plan simulator.side=1.5": ("simulator.box.side", "simulator.box.side=1.5 is not possible: give a whole number"),
    "plan metric.infidelity_redraw.perturbation=3": ("perturbation=3", "_target_ is of kind Perturbation"),
    "plan metric=[learned_gain] metric.learned_gain.metric=roc_auc": ("metric='roc_auc'", "of kind MapMetric"),
    "plan simulator=mtl_atrophy simulator.pathology.side=left": (
        "'side' stands at its default",
        "+simulator.pathology",
    ),
    # out of range, huge, not a number
    "plan explain.subjects=7": ("explain.subjects=7", "whole number of at least 4 and at most 100000 that is even"),
    "plan explain.subjects=100000000": ("explain.subjects=100000000", "at most 100000"),
    "plan seed.model=-1": ("seed.model=-1", "whole number of at least 0"),
    "plan seed.data=range(20000)": ("seed.data has 20000 values", "at most 1000"),
    "plan timeout_s=nan": ("timeout_s=nan", "at least 1"),
    "plan train.learning_rate=nan": ("train.learning_rate=nan", "a number above 0 and below 10"),
    "plan train.subjects=1e9": ("train.subjects=1000000000.0", "at least 8 and at most 1000000"),
    "plan network.centre=nan": ("network.centre=nan", "finite number"),
    # ... also where networks, composed one after the other, share the simulator
    "plan simulator=focal simulator.pathology.volume_ml=nan network=gap_cnn,linear": ("volume_ml=nan", "finite number"),
    "plan simulator=confounded_age simulator.task.covariates.0.effects.local.volume=1": (
        "'local.volume' has a dot",
        "simulator.task.covariates.0.effects={local.volume:...}",
    ),
    "plan simulator=confounded_age simulator.task.covariates.0.corelation=1": ("covariates.0: there is no", "did you"),
    "plan simulator=brain_age simulator.task.low=-50": ("brain_age.task.low=-50", "at least 40 and below 85 years"),
    "plan simulator=brain_age simulator.task.high=120": ("age.task.high=120", "above 40 and at most 85 years"),
    "plan simulator=focal simulator.pathology.smallest_ml=0.001": ("smallest_ml=0.001", "0.343 ml or more"),
    "plan simulator=mtl_atrophy simulator.pathology.regions=[left_hippocampos]": ("no region 'left_hippocampos'",),
    "plan metric.max_sensitivity.draws=0": ("metric.max_sensitivity", "draws=0 is not possible"),
    "plan views=[{sign:up}]": ("views[0].sign='up'", "give one of abs"),
    "plan views=[{fwhm_mm:nan}]": ("views[0].fwhm_mm=nan", "at least 0 and at most 100 mm"),
    "plan metric.max_sensitivity.radius=1e308": ("metric.max_sensitivity.radius=1e+308", "at most 1000000000"),
    "plan network=gap_cnn network.width=1000000": ("network.gap_cnn has", "give smaller sizes"),
    # visits that are no courses of persons
    "plan simulator=mtl_atrophy_longitudinal explain.subjects=12 use.subjects=2": (
        "simulator.mtl_atrophy_longitudinal: person 2 has 4 visits, of which 2 would be explained",
    ),
    "plan simulator=mtl_atrophy_longitudinal simulator.task.visits=1": ("visits=1", "one visit shows no course"),
    "plan simulator=mtl_atrophy_longitudinal simulator.task.schedule=[0,24,12,36]": ("schedule", "rise from 0"),
    "plan network=daninet simulator=mtl_atrophy": (
        "network.daninet learns from persons who are seen more than once, and in simulator.mtl_atrophy every subject",
        "give simulator=mtl_atrophy_longitudinal",
    ),
    "plan network=daninet simulator=brain_age": ("DaniNet.outputs=1", "a task of classes"),
    # contradictions, duplicates, nothing left
    "plan seed.data=[0,0]": ("seed.data names 0 twice",),
    "plan seed.data=0 seed.data=1": ("'seed.data' is given twice", "give it once"),
    "plan views=[{sign:abs},{sign:abs}]": ("views names abs twice",),
    "plan method=[]": ("no methods are chosen", "method=all"),
    "plan explain.controls=9": ("explain.controls=9 is not possible", "at most half of explain.subjects=16"),
    "plan use.subjects=17": ("use.subjects=17", "at most explain.subjects=16", "explain.subjects of at least 17"),
    "plan use.draws=2,4": ("'use.draws' cannot be swept", "seed"),
    "plan study=fake,tiny": ("one study a call",),
    "plan rerun=faild": ("rerun='faild'", "give one of missing, failed, stale, all; did you mean 'failed'?"),
    "plan +budgets.box={epoch:7}": ("budgets.box: there is no setting of train 'epoch'", "did you mean 'epochs'"),
    "plan headline.anatomy.metric=nothing": ("headline.anatomy: there is no metric 'nothing'",),
    "plan headline.anatomy.strata=[XX]": ("headline.anatomy.strata=['XX']", "each one of TP, TN, FP, FN"),
    "plan +against.methods=[gradiant]": ("against.methods", "'gradiant'", "did you mean 'gradient'"),
    "plan views=[{fwhm_voxels:mine}]": ("views[0].fwhm_voxels", "own"),
    "plan +detect.boxx=box": ("detect", "'boxx'", "did you mean 'box'"),
    # parts and merges
    "plan part=3/2": ("part='3/2' is not possible: give K/N",),
    "plan part=half": ("part='half' is not possible: give K/N",),
    "merge": ("merge is not possible: give the results folders",),
    "merge /nowhere": ("/nowhere is no store",),
    # names that would leave the results folder, or carry markup into pages
    "plan name=../../etc": ("name='../../etc'", "letters, digits"),
    "plan name=": ("name=''", "letters, digits"),
    'plan name="<script>alert(1)</script>"': ("name='<script>", "letters, digits"),
    'plan name="étude"': ("name='étude'", "letters, digits"),
    "plan paths.results=": ("paths.results='' is not possible", "paths.results=results"),
    "plan paths.results=results/published/mine": ("but for published and benchmarks", "or one outside"),
    "plan paths.results=results/benchmarks": ("but for published and benchmarks", "or one outside"),
    "plan paths.results=runs": ("paths.results=runs is not possible: give", "as git commits what lies elsewhere"),
    "plan paths.results=conf/x": ("paths.results=conf/x is not possible: give", "as git commits what lies elsewhere"),
    "plan paths.results=/dev/null/x": ("/dev/null/x", "set paths.results"),
    "plan study=../study/fake": ("study=../study/fake", "is not possible: give the name of a"),
    # untrusted code
    "plan simulator._target_=os.system": ("'os.system' is outside", "trusted=[os]"),
    "plan +method.evil={_target_:subprocess.Popen}": ("'subprocess.Popen' is outside", "trusted=[subprocess]"),
    "plan simulator._target_=fakes.box.Bx": ("'fakes.box' has no 'Bx'", "did you mean 'Box'"),
    "plan seed.data=range(1000000000000)": ("seed.data has 1000000000000 values, at most 1000",),
    "plan seed.model=range(0,1,0)": ("seed.model=range(0,1,0) is not possible: give range(START,STOP,STEP)",),
    "plan seed.data=range(0,inf)": ("with finite numbers",),
    f"plan views={'[' * 3000}": ("the argument 'views=[[[",),
    f"plan views={'[' * 3000 + ']' * 3000}": ("nests too many brackets",),
    "plan trusted=abc": ("trusted=abc is not possible: give a list, trusted=[...]",),
    "plan simulator._target_=simulators.brain.dataclass": ("no class that simulators", "define"),
    "plan +method.evil={_target_:methods.controls.dataclass}": ("no class that simulators", "define"),
    "plan trusted=[..]": ("trusted='..'", "trusted=[mypackage]"),
    # Hydra's grammar
    "plan method=[random": ("'method=[random'", "brackets closed and quoted"),
    "plan a=b=c": ("'a=b=c'",),
    "plan simulator=${nope}": ("nope",),
    "plan explain.subjects=${nope}": ("explain.subjects=${nope}", "give the value itself"),
    # missing files
    "plan --config-dir=/nowhere": ("--config-dir /nowhere", "no such folder"),
}

#: more of the same kinds, asked in the full matrix
MORE: dict[str, tuple[str, ...]] = {
    "store verify prune": ("the argument 'prune'",),
    "show ../../../../etc/x": ("16 hexadecimal digits",),
    "plan simulator=boxx": ("'boxx'", "did you mean 'box'"),
    "plan network=liner": ("'liner'", "did you mean 'linear'"),
    "plan metric=[calibrated_app]": ("'calibrated_app'", "did you mean 'calibrated_ap'"),
    "plan train=defualt": ("'defualt'", "did you mean 'default'"),
    "plan seed.datta=0": ("seed: there is no key 'datta'", "did you mean 'data'"),
    "plan simulator.syde=2": ("simulator: there is no key 'syde'", "did you mean 'side'"),
    "plan metric.max_sensitivity.drawz=2": ("metric.max_sensitivity: there is no key 'drawz'", "did you mean 'draws'"),
    "plan headline.anatomy.metrc=x": ("headline.anatomy: there is no key 'metrc'", "did you mean 'metric'"),
    "plan ~method": ("~method is not possible", "method=..."),
    "plan ~simulator": ("~simulator is not possible", "simulator=..."),
    "plan ~network": ("~network is not possible", "network=..."),
    "plan ~method.gradiant": ("method: there is no key 'gradiant'", "did you mean 'gradient'"),
    "plan hydra/launcher=ray": ("'ray' is not installed", "pip install hydra-ray-launcher"),
    "plan hydra/launcher=joblib hydra.launcher.n_jobs=-1000000000": ("cannot have -1000000000 workers",),
    "plan hydra/launcher=joblib hydra.sweeper.max_batch_size=0": ("hydra.sweeper.max_batch_size=0", "1 or more"),
    "plan hydra/launcher=joblib hydra.launcher.n_jobs=0": ("cannot have 0 workers", "hydra.launcher.n_jobs=-1"),
    "plan simulator.tarjet=2": ("no key 'tarjet'; valid names are",),
    "plan method=[zzz]": ("no method 'zzz'; valid names are",),
    "plan headline=3": ("headline=3 is not possible: give values by name, headline={NAME: ...}",),
    "plan explain.subjects=8.5": ("explain.subjects=8.5", "give a value like 24"),
    "plan explain.subjects=[8]": ("explain.subjects=[8]", "give a value like 24"),
    "plan explain=3": ("explain=3", "'subjects': 24"),
    "plan seed.data=[[0,1]]": ("seed.data=[[0, 1]]", "whole number of at least 0"),
    "plan seed.data=true": ("seed.data=True", "whole number of at least 0"),
    "plan method=3": ("method=3", "is not possible: give the name of a"),
    "plan simulator=null": ("simulator=null", "is not possible: give the name of a"),
    "plan maps=true": ("maps=True", "one of all, none or a whole number"),
    "plan maps=[4]": ("maps=[4]", "one of all, none or a whole number"),
    "plan rerun=[failed]": ("rerun=['failed']", "give one of missing, failed, stale, all"),
    "plan simulator=mtl_atrophy simulator.task=3": ("mtl_atrophy.task=3", "_target_ is of kind Task"),
    "plan explain.pairs=3": ("explain.pairs=3", "at least 20"),
    "plan use.draws=1": ("use.draws=1", "at least 4"),
    "plan use.players=13": ("use.players=13", "of at least 1 and at most 12"),
    "plan seed.data=99999999999999999999": ("seed.data=99999999999999999999", "at most 2147483647"),
    "plan timeout_s=0": ("timeout_s=0.0", "a number of at least 1 and at most 2592000 s"),
    "plan timeout_s=inf": ("timeout_s=inf", "at least 1"),
    "plan train.weight_decay=-1": ("train.weight_decay=-1", "at least 0 and at most 10"),
    "plan metric.max_sensitivity.subjects=0": ("metric.max_sensitivity.subjects=0", "at least 1"),
    "plan train.epochs=1000000000000000000": ("train.epochs=1000000000000000000", "at most 1000000"),
    "plan metric.max_sensitivity.draws=1000000000000000000": ("draws=1000000000000000000", "at most 1000000"),
    "plan metric.max_sensitivity.radius=1e-320": ("metric.max_sensitivity.radius=1e-320", "at least 1e-09"),
    "plan network.centre=-1e308": ("network.centre=-1e+308", "of at least -1000000000 and at most 1000000000"),
    "plan method=[random,random]": ("method names random twice",),
    "plan simulator=box,box": ("simulator names box twice",),
    "plan views=[]": ("views=[]", "at least one"),
    "plan axes.simulator=[]": ("axes.simulator=[]", "at least one"),
    "plan +budgets.gmp_cn={epochs:7}": ("budgets: there is no network or simulator 'gmp_cn'", "did you mean 'gmp_cnn'"),
    "plan headline.anatomy.truth=sky": ("headline.anatomy.truth='sky'", "counterfactual"),
    "plan headline.anatomy.view=sideways": ("headline.anatomy.view='sideways'", "give one of abs"),
    "plan views=[{sign:signed}]": ("headline.anatomy.view='abs'", "give one of signed, or views that have it"),
    "plan +against.gradiant=[controls]": ("against.gradiant", "did you mean 'gradient'"),
    "plan name=..": ("name='..'", "letters, digits"),
    "plan name=/etc/passwd": ("name='/etc/passwd'", "letters, digits"),
    "plan edition=1": ("there is no key 'edition'",),
    "publish edition=0": ("edition=0 is not possible", "give a number from 1"),
    "publish edition=2": ("edition=2 is not possible", "give edition=1", "there is none"),
    "drift edition=1": ("edition=1 is not possible", "give one once there is any"),
    "drift": ("nothing is published in", "publish"),
    "spot count=0": ("count=0 is not possible", "give a whole number from 1"),
    "spot seed=x": ("seed=x is not possible", "give a whole number from 0"),
    "show edition:x": ("edition=x is not possible", "give a number from 1"),
    "pages": ("pages takes no overrides",),
    "plan name=store": ("name='store'", "none of store"),
    "plan method=[../method/random]": ("../method/random", "is not possible: give the name of a"),
    "plan network._target_=os.system": ("'os.system' is outside", "trusted=[os]"),
    "plan paths.results=null": ("paths.results=null is not possible",),
    "plan seed.data=shuffle(range(0,100000000))": ("seed.data has 100000000 values",),
    "plan simulator.side=range(0,10000000)": ("simulator.side has 10000000 values",),
    "plan seed.data=range(0,nan)": ("with finite numbers",),
    "plan simulator._target_=fakes.box.replace": ("no class that simulators", "fakes define"),
    "plan method=[random,,gradient]": ("'method=[random,,gradient]'", "brackets closed and quoted"),
}

#: name and text of a file in a configuration folder, arguments that reach it -> what the sentence must hold
FILES: dict[tuple[str, str, str], tuple[str, ...]] = {
    ("study/mine", "name: [", "study=mine"): ("mine.yaml", "not YAML"),
    ("study/mine", "name: a\n\tb: 1", "study=mine"): ("mine.yaml", "not YAML"),
    ("study/mine", "- a\n- b\n", "study=mine"): ("study/mine",),
    ("study/mine", "# @package _global_\nname: mine\nexplan: {subjects: 8}\n", "study=mine"): ("explan",),
    ("study/mine", "# @package _global_\nname: mine\nexplain: {subject: 8}\n", "study=mine"): ("subject",),
    ("study/mine", "# @package _global_\nseed: {data: 0}\n", "study=mine"): ("name", "give it"),
    ("study/mine", "# @package _global_\nname: <b>x</b>\n", "study=mine"): ("name='<b>x</b>'", "letters"),
    ("study/mine", "# @package _global_\nname: m\naxes: {bogus: [1]}\n", "study=mine"): ("there is no axis 'bogus'",),
    (
        "study/mine",
        "# @package _global_\ndefaults:\n  - override /method: [nope]\nname: m\n",
        "study=mine",
    ): ("no method 'nope'",),
    ("method/mine", "# @package method.mine\n_target_: os.system\n", "method=[mine]"): ("'os.system' is outside",),
    (
        "method/mine",
        "# @package _global_\ntrusted: [subprocess]\nmethod: {mine: {_target_: methods.controls.Random}}\n",
        "study=tiny method=[mine]",
    ): ("a configuration file asks that subprocess may run", "on the command line"),
    ("method/mine", "# @package method.mine\nwindow: 3\n", "method=[mine]"): ("mine", "_target_"),
    ("method/mine", "_target_: methods.controls.Random\n", "method=[mine]"): ("mine", "# @package method.mine"),
    (
        "method/mine",
        "# @package method.mine\n_target_: methods.occlusion.Occlusion\nwindow: 3\n",
        "method=[mine]",
    ): ("method.mine", "leaves parameters out", "stride"),
    ("metric/mine", "# @package metric.mine\n_target_: fakes.notanumber.NaNMetric\nsubjects: 0\n", "metric=[mine]"): (
        "metric.mine.subjects=0",
        "of at least 1",
    ),
    ("simulator/mine", "_target_: fakes.box.Box\nsize: 3\n", "simulator=mine"): (
        "simulator.mine: there is no key 'size'",
        "side",
    ),
    ("train/mine", "subjects: 64\n", "train=mine"): ("train.",),
    ("network/mine", "_target_: bench.networks.linear.Nope\n", "network=mine"): ("'Nope'", "Linear"),
}
GLOBAL = "# @package _global_\nname: mine\n"
BOMB = "".join(f"x{i}: &x{i} [{', '.join([f'*x{i - 1}' if i else 'a'] * 9)}]\n" for i in range(10))
#: bytes of a study's file -> what the sentence must hold: what no study is, or would not end
STUDIES: dict[bytes, tuple[str, ...]] = {
    b"3\n": ("study/mine.yaml holds no settings",),
    b"- a\n- b\n": ("study/mine.yaml holds no settings",),
    b"text\n": ("study/mine.yaml holds no settings",),
    GLOBAL.encode("utf-16"): ("study/mine.yaml is not UTF-8",),
    f"{GLOBAL}# Z\u00fcrich\n".encode("latin-1"): ("study/mine.yaml is not UTF-8",),
    GLOBAL.encode("utf-8-sig"): ("study/mine.yaml begins with a byte order mark",),
    (GLOBAL + BOMB).encode(): ("study/mine.yaml stands for more than",),
    f"{GLOBAL}budgets: &a {{x: *a}}\n".encode(): ("study/mine.yaml holds itself through the alias *a",),
    f"{GLOBAL}budgets: {'[' * 3000 + ']' * 3000}\n".encode(): ("study/mine.yaml nests more than",),
    f"{GLOBAL}# {'x' * 2**20}\n".encode(): ("study/mine.yaml has", "at most"),
    f"{GLOBAL}defaults: [mine, _self_]\n".encode(): ("a defaults list includes itself", "study=mine"),
    f"{GLOBAL}defaults: 3\n".encode(): ("cannot be composed", "study=mine"),
    f"{GLOBAL}axes: {{simulator: null}}\n".encode(): ("axes.simulator", "not Optional"),
    f"{GLOBAL}axes: {{simulator: 3}}\n".encode(): ("study/mine",),
    f"{GLOBAL}method: {{gradient: 3}}\n".encode(): ("method.gradient=3 is not possible",),
    f"{GLOBAL}simulator: 3\n".encode(): ("study=mine",),
    f"{GLOBAL}trusted: [os]\n".encode(): ("a configuration file asks that os may run",),
}
#: (kind of plug-in, a class that declares too little in the words of its YAML, what it lacks, where that is asked)
UNDECLARED = (
    ("method", "fakes.bad.Unsaid", "summary", "methods"),
    ("metric", "fakes.notanumber.Questionless\nsubjects: null", "question", "metrics"),
    ("metric", "fakes.notanumber.Faultless\nsubjects: null", "blind_spots", "metrics"),
    ("metric", "fakes.notanumber.Subjectless", "subjects", "metrics"),
    ("network", "fakes.notanumber.Summaryless", "summary", "bench/networks"),
    ("simulator", "fakes.box.Versionless", "version", "simulators"),
)
for kind, words, lacks, folder in UNDECLARED:
    chosen = f"{kind}=[mine]" if kind in ("method", "metric") else f"{kind}=mine"
    package = f"# @package {kind}.mine\n" if "[" in chosen else ""
    FILES[f"{kind}/mine", f"{package}_target_: {words}\n", chosen] = (
        f"{kind}.mine: {words.split()[0].rpartition('.')[2]} has no {lacks}; state it in the class",
        f"{folder}/README.md",
    )


#: what a command asks for that names no study
ASKED = {"study": "fake", "trusted": "[fakes]"}


def refused(arguments, results, capsys):
    """The sentence of a refusal; fails when anything else happened."""
    given = [f"paths.results={results}"] if "paths.results" not in " ".join(arguments) else []
    asked = "study=" not in " ".join(arguments)
    given += [f"{key}={value}" for key, value in ASKED.items() if asked and f"{key}=" not in " ".join(arguments)]
    before = set(results.parent.rglob("*"))
    code = main([*arguments, *given, "--config-dir", str(FAKES)])
    told = capsys.readouterr()
    assert code == 2, (code, told)
    assert told.err.startswith("error: ") and told.err.count("\n") == 1 and not told.out, told
    assert set(results.parent.rglob("*")) == before, "a refusal writes nothing"
    assert not re.search(r"(?<!\.\.)\.$|(?<!e\.g)\. ", told.err.strip()), "one sentence without a full stop"
    return told.err


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.syspath_prepend(str(FAKES.parents[1]))


@pytest.mark.parametrize("line", [*LINES, *(pytest.param(line, marks=pytest.mark.full) for line in MORE)])
def test_a_bad_argument_is_refused_in_one_sentence(line, tmp_path, capsys):
    said = refused(line.split(" "), tmp_path / "results", capsys)
    assert all(part in said for part in (LINES | MORE)[line]), said


@pytest.mark.parametrize("name", sorted(PIP))
def test_a_launcher_that_is_not_installed_is_refused_with_the_line_that_installs_it(name):
    absent = MissingConfigException("", missing_cfg_file=f"hydra/launcher/{name}")
    sentence = f"the launcher '{name}' is not installed; install it with: {PIP[name]}"
    assert say(absent, [], [], dict) == sentence


def test_the_launcher_that_ours_is_made_of_is_among_those_with_such_a_line():
    first, *_ = yaml.safe_load((ROOT / "conf/hydra/launcher/slurm.yaml").read_text())["defaults"]
    assert first in PIP


@pytest.mark.parametrize("case", FILES, ids=lambda case: f"{case[0]}: {case[1]!r}")
def test_a_bad_file_is_refused_in_one_sentence(case, tmp_path, capsys):
    name, text, line = case
    path = tmp_path / "conf" / f"{name}.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    said = refused(["plan", *line.split(), "--config-dir", str(path.parents[1])], tmp_path / "results", capsys)
    assert all(part in said for part in FILES[case]), said


@pytest.mark.parametrize("content", STUDIES, ids=range(len(STUDIES)))
def test_a_file_that_is_no_study_is_refused_in_one_sentence(content, tmp_path, capsys):
    path = tmp_path / "conf" / "study" / "mine.yaml"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    line = ["plan", "study=mine", "--config-dir", str(tmp_path / "conf")]
    said = refused(line, tmp_path / "results", capsys)
    assert all(part in said for part in STUDIES[content]), said


def test_trust_in_a_file_is_refused_beside_that_of_the_command_line(tmp_path, capsys):
    study = tmp_path / "conf" / "study" / "mine.yaml"
    study.parent.mkdir(parents=True)
    study.write_text(f"{GLOBAL}trusted: [os]\n")
    line = ["plan", "study=mine", "trusted=[fakes]", "--config-dir", str(study.parents[1])]
    assert "a configuration file asks that os may run" in refused(line, tmp_path / "results", capsys)


#: entries of a defaults list, of which each file of a chain has eight that name the next
ENTRIES = ("/study/b{}", "b{}@k", "/study: b{}", "/study@k: [b{}]")


@pytest.mark.parametrize("entry", ENTRIES)
def test_files_that_include_each_other_many_times_are_counted_first(entry, tmp_path, capsys):
    folder = tmp_path / "conf" / "study"
    folder.mkdir(parents=True)
    for i in range(7):
        (folder / f"b{i}.yaml").write_text(f"{GLOBAL}defaults:\n" + f"  - {entry.format(i + 1)}\n" * 8)
    (folder / "b7.yaml").write_text(GLOBAL)
    line = ["plan", "study=b0", "--config-dir", str(tmp_path / "conf")]
    assert "stands for more than 1000 files" in refused(line, tmp_path / "results", capsys)


#: what holds ten times what the one before holds, by an interpolation: as a text, beside it, as a list
TENFOLD = ("${{method.mine.a{0}}}" * 10, "${{.a{0}}}" * 10, str(["${{method.mine.a{0}}}"] * 10))


@pytest.mark.parametrize("text", TENFOLD)
def test_interpolations_that_multiply_are_counted_first(text, tmp_path, capsys):
    folder = tmp_path / "conf" / "method"
    folder.mkdir(parents=True)
    values = ["a0: xxxxxxxxxx", *(f"a{i + 1}: {text.format(i)}" for i in range(9))]
    lines = ["# @package method.mine", "_target_: methods.controls.Random", *values]
    (folder / "mine.yaml").write_text("\n".join(lines) + "\n")
    line = ["plan", "study=fake", "trusted=[fakes]", "method=[mine]", "--config-dir", str(tmp_path / "conf")]
    assert "once its ${...} are written out" in refused(line, tmp_path / "results", capsys)


@pytest.mark.parametrize(
    "line",
    [
        "plan -x",
        pytest.param("plan method=[gradiant]", marks=pytest.mark.full),
        pytest.param("run simulator._target_=os.system", marks=pytest.mark.full),
    ],
)
def test_a_real_process_exits_with_two(line, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(FAKES.parents[1])}
    given = ["study=fake", "trusted=[fakes]", f"paths.results={tmp_path / 'results'}", "--config-dir", str(FAKES)]
    command = [sys.executable, "-m", "bench", *line.split(" "), *given]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=FAKES.parents[3], check=False)
    assert done.returncode == 2 and done.stderr.startswith("error: ") and done.stderr.count("\n") == 1, done
    assert not (tmp_path / "results").exists()

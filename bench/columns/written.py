"""Tables that are written from the store: scores, models, plug-ins, failures, costs."""

from bench.columns.declaration import METHOD, ORIGIN, PLACE, SEEDS, UNIT, Columns

STATUSES = ("ok", "unsupported", "undefined", "failed", "timeout", "killed")
ROWS = SEEDS + Columns.of("""
subject              whole   index of the explained subject; -1 in a row of a whole model
stratum              text    TP, TN, FP or FN; empty for a subject on neither side
split                text    stream that the subject comes from
method               text    name of the method
view                 text    sign and smoothing through which maps are seen; empty for metrics that see no maps
metric               text    name of the metric, or of one of its columns as metric.column
truth                text    truth that maps are scored against; empty for a metric that reads none
value                number  the score
status               text    ok, or why there is no value: unsupported, undefined, failed, timeout, killed
reason               text    one sentence on a missing value
""")
#: of all partitions; each file holds ROWS, and the folders it lies in name simulator and network
SCORES = PLACE + ROWS
#: of the score shards in the store; seeds are those of the single models that a comparison is made from, or null
SHARD = Columns.of("metric_key text key of the metric cell") + ROWS.only(
    "subject", "stratum", "view", "metric", "truth", "value", "status", "reason", "data_seed", "model_seed"
)
COMPETENCE = Columns.of("""
auc                  number  test AUC
auc_low              number  lower end of its 95 % interval
auc_high             number  upper end of its 95 % interval
auc_reference        number  test AUC of the reference observer
competence           number  (AUC - 0.5) / (AUC of the reference observer - 0.5); of a regression a ratio of R2
competence_low       number  lower 95 % bound of the competence, which the gate compares
auc_off              number  AUC with the pathology off
pair                 text    classes that the AUC tells apart, of a task of several
r2                   number  test R2 of a regression
r2_low               number  lower end of its 95 % interval
r2_high              number  upper end of its 95 % interval
r2_reference         number  test R2 of the reference observer
r_off                number  correlation with the target with the pathology off
auc_decorrelated     number  AUC where the cue does not go with the label
auc_reversed         number  AUC where the cue goes against the label
r2_decorrelated      number  R2 where the cue does not go with the target
r2_reversed          number  R2 where the cue goes against the target
passed               flag    the model passed the competence gate
reason               text    one sentence on not passing
train_subjects       number  subjects it was trained on
epochs               number  times it was shown each of them
weights              text    hash of the trained weights
""")
MODELS = (
    UNIT
    + COMPETENCE
    + Columns.of("""
separability_asked   number  AUC of the reference observer that the calibration aimed at
separability_reached number  AUC of the reference observer that it reached
separability_low     number  lower end of its 95 % interval
separability_high    number  upper end of its 95 % interval
init_seed            whole   seed of the initialisation
order_seed           whole   seed of the training order
cohort               text    hash of the explained subjects, which all models of a simulator share
""")
)
TAGS = Columns.of("""
family               text    family of methods
quantity             text    sensitivity, contribution, change or location
role                 text    method, control or oracle
reads_model          flag    the maps depend on the model
signed               flag    the maps have a sign
stochastic           flag    the maps depend on random numbers
reference_class      text    what an image is compared with, none for nothing; methods of one class ask one question
""")
METHODS = METHOD + TAGS + Columns.of("""
truth                text    truth that an oracle shows; empty for one that only asks the simulator, and for others
cost                 text    passes per subject, as a formula
convergence          number  likeness of its maps to those made with other noise
converged            text    True or False: that likeness reaches 0.9; empty where it was not measured
""") + ORIGIN  # fmt: skip
METRICS = Columns.of("""
metric               text    name of the metric
kind                 text    map, model, explainer, group or compare
higher_is_better     flag    higher values are better
low                  number  lower bound of its values
high                 number  upper bound of its values
chance               number  value of maps that know nothing; empty where it depends on the data
floor                number  value that a map which depends on nothing learnt does not get beyond
unit                 text    unit of its values
localisation         flag    the oracle of a truth must lead in it
assisted             flag    it reads what only a simulator knows, beside a truth
truths               text    truths that maps are scored against, separated by blanks
compared_on          text    truth on which a metric of kind `compare` scores its models
""") + ORIGIN  # fmt: skip
SIMULATORS = Columns.of("""
simulator            text    name of the simulator
family               text    kind of disease, by which simulators are ranked together
place                text    fixed; or moving, where the disease lies elsewhere in the next patient
voxel_mm             number  edge of a voxel, in mm
truth                text    truth that maps are scored against; its size is the smallest set of voxels with 90 % of it
subjects             number  explained patients who have it; of a value, subjects above its mean
voxels               number  median size over them
voxels_low           number  5th percentile
voxels_high          number  95th percentile
ml                   number  median size in ml
ml_low               number  5th percentile in ml
ml_high              number  95th percentile in ml
domain               number  median size as a share of the voxels that are scored
""")
VALIDITY = Columns.of("""
simulator            text    name of the simulator
truth                text    truth that maps are scored against; empty for a metric that reads none
metric               text    name of the metric
defined              flag    the metric has a value on this truth of this simulator
reason               text    one sentence on why it has none
""")
SIMULATOR_AUDITS = Columns.of("""
simulator            text    name of the simulator
key                  text    hash of its configuration
audit                text    trivial observer, twins or association
auc                  number  AUC of a classifier of global statistics; of association 0.5 plus the largest of a region
low                  number  lower end of its 95 % interval
high                 number  upper end of its 95 % interval
n                    whole   subjects of each class
reference            number  AUC of the reference observer
verdict              text    passed, failed, or why the audit asks nothing of this simulator
""")
REALISM = Columns.of("""
anatomy              text    anatomy and size of its voxels
subjects             whole   simulated healthy subjects whose volumes were measured
structure            text    structure, tissue, or what else was measured
quantity             text    how it varies over subjects, or how it compares with the average brain
simulated            number  value in simulated subjects
error                number  its standard error over subjects
norm                 number  value in people, or in the average brain
low                  number  least value that passes for it; empty where a number is reported and not judged
high                 number  largest value that passes for it
verdict              text    inside or outside; empty where nothing is judged
people               whole   people measured; 0 for the average brain
ages                 text    their ages in years
source               text    where the norm stands
""")
CELL = Columns.of("""
stage                text    stage of the run
method               text    name of the method; empty before maps are made
metric               text    name of the metric; empty before maps are scored
""")
FAILURES = (
    UNIT
    + CELL
    + Columns.of("""
status               text    failed, timeout or killed; unsupported or undefined
reason               text    one sentence
""")
)
USAGE = Columns.of("""
seconds              number  seconds of one core, or of the device
forward              number  forward passes per subject
backward             number  backward passes per subject
peak_mb              number  peak memory
""")
COSTS = UNIT + CELL + USAGE
PROVENANCE = Columns.of("""
stage                text    stage of the run
key                  text    key of the stored result, which `show` reads
unit                 text    simulator, network and seeds in one word
method               text    name of the method; empty before maps are made
metric               text    name of the metric; empty before maps are scored
source               text    hash of the code that made it
date                 text    time at which it was made
machine              text    versions and device as JSON
content              text    all that the key is made from, as JSON
config               text    configuration as JSON
""")
REGIONS = UNIT + Columns.of("""
region               text    region, or two of them; all for a statistic over regions
truth                text    association, observer, use, off, on, shapley or interaction
statistic            text    value, or how subjects are summed up
value                number  the number
""")
MECHANISMS = UNIT + Columns.of("""
mechanism            text    what a network whose weights are set by hand computes of its regions
wrapping             text    layers it is wrapped in
method               text    name of the method
question             text    own: what the method says it shows; subject: what the subject's regions do
subjects             whole   subjects of whom the answer is anything
wrong                number  mean share of the map that is wrong, 0 to 1
right                number  share of these subjects whose map is right but for rounding
""")
MAPS = (
    UNIT
    + METHOD
    + Columns.of("""
layer                text    layer whose feature maps were read, with its channels and grid; empty for other methods
gap                  number  largest gap of completeness, as a share of the map's absolute sum; empty where not claimed
""")
)
SETTING = METHOD + Columns.of("""
parameters           text    parameters as JSON
fwhm                 number  width at half maximum, in voxels, of the smoothing through which the maps are seen
passes               number  forward and backward passes through the network per subject
default              flag    the parameters of the paper or vendor, maps as they are
""")
#: of results/published/tune, not of every study
TUNING = SETTING + Columns.of("""
simulator            text    name of the simulator, one of the `dev` ones
ranking              text    name of the ranking in study.json
subject              whole   index of the explained subject
value                number  the score, the mean over models
""")
SETTINGS = SETTING + Columns.of("""
score                number  mean over simulators of the mean of all rankings, over patients
behind               number  score of the method's best setting less this
behind_error         number  standard error of that difference, patients paired
tied                 flag    it is behind by no more than that error
chosen               flag    the setting that was frozen
""")
CHOICES = METHOD + Columns.of("""
parameters           text    parameters that were frozen, as JSON
fwhm                 number  smoothing that was frozen, in voxels
default              text    parameters of the paper or vendor, as JSON; their maps are seen as they are
score                number  score of what was frozen
default_score        number  score of the default
gain                 number  the former less the latter, patients paired
gain_low             number  lower end of its 95 % interval
gain_high            number  upper end of its 95 % interval
sensitivity          number  score of the best setting less that of the worst
n_settings           whole   settings tried
n_tied               whole   settings within one standard error of the best
n_subjects           whole   patients of all simulators together
""")

#: by file
TABLES = {
    "scores": SCORES,
    "models.csv": MODELS,
    "methods.csv": METHODS,
    "metrics.csv": METRICS,
    "simulators.csv": SIMULATORS,
    "validity.csv": VALIDITY,
    "simulator_audits.csv": SIMULATOR_AUDITS,
    "failures.csv": FAILURES,
    "costs.parquet": COSTS,
    "provenance.parquet": PROVENANCE,
    "regions.parquet": REGIONS,
    "mechanisms.csv": MECHANISMS,
    "maps.csv": MAPS,
}

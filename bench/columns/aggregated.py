"""Tables that rest on those: rankings with what stands behind them, metrics of metrics, what the page shows."""

from bench.columns.declaration import CASE, CONTEST, MEAN, METHOD, PLACE, RANKING, Columns

STANDING = Columns.of("""
rank                 text    one more than methods shown to be better than it or one above it; empty where not ranked
tied                 flag    others share the rank
reference_class      text    what the map is counted from: none, or the images or fill that it compares with
class_rank           text    rank among the ranked methods of that class
mean                 number  mean score
low                  number  lower end of its 95 % interval
high                 number  upper end of its 95 % interval
control              text    best control of the contest
gain                 number  lead over it, positive is better
gain_low             number  lower end of its 95 % interval
gain_high            number  upper end of its 95 % interval
n_units              whole   models with a value
n_data_seeds         whole   data seeds with a value, in the simulator that has the fewest
n_subjects           whole   subjects with a value, of all simulators together
n_simulators         whole   simulators with a value
status               text    ok, or one word on why there is no rank or no value; results/README.md lists them
reason               text    one sentence on why there is no value; empty where there is one
native_ceiling       number  of a CAM method: score of the truth itself on the grid of the layer that it reads
chance               number  score of a map without information: as the metric declares, or else of the constant map
elsewhere            number  lead over the constant map among subjects that the ranking leaves out, positive is better
elsewhere_low        number  lower end of its 95 % interval
elsewhere_high       number  upper end of its 95 % interval
preview              text    reason why the rank is a preview
rank_low             number  lowest rank that the method may have, for all methods of the contest at once (95 %)
rank_high            number  highest rank that it may have
skill                number  share of the way from the random control to the oracle
skill_low            number  lower end of its 95 % interval
skill_high           number  upper end of its 95 % interval
skill_models         number  models whose skill is defined
""")
FLOORS = Columns.of("""
learned_gain         number  score of the trained model less that of the same initialisation untrained
individual_gain      number  score of the own map less that of another subject's
stability            number  likeness of a subject's maps over models trained anew
floor_subjects       number  likeness of different subjects' maps under one model
floor_untrained      number  likeness of the maps of untrained models
convergence          number  likeness of maps to those made with other noise
unconverged          flag    that likeness is below 0.9
""")
ROLE = Columns.of("role text method, control or oracle")
LEADERBOARD = CONTEST + METHOD + ROLE + STANDING + FLOORS
COMPARISONS = CONTEST + Columns.of("""
method               text    name of the method
against              text    `every control`, or the method that it stands against
reference            text    control that is beaten least clearly, or that method
lead                 number  paired difference, positive is better
low                  number  lower 95 % bound of the lead, for all comparisons of the family at once
p                    number  one-sided p-value
p_adjusted           number  p-value adjusted for the family: all comparisons of this ranking, scope and network
n_data_seeds         whole   data seeds with a value
verdict              text    better, not shown, partial, the state of no value, or the reason why it is a preview
""")
CONCORDANCE = CONTEST + Columns.of("""
n_ranked             whole   ranked methods
n_data_seeds         whole   data seeds
friedman             number  Friedman's statistic of the order of methods over data seeds
concordance          number  Kendall's coefficient of concordance
""")
AGREEMENT = RANKING + Columns.of("""
n_groups             whole   groups of simulators that rank any method
n_ranked             whole   methods that all of them rank
concordance          number  Kendall's coefficient of concordance of their orders
spearman             number  mean correlation of the orders of two groups
mean_shown           flag    they agree enough for a mean over them to be shown
""")
ACROSS_GROUPS = RANKING + Columns.of("""
method               text    name of the method
n_groups             whole   groups that rank it
worst_group          text    group in which the fewest of the others are below it
worst_place          number  its place there by its mean, 1 is the best
worst_of             whole   methods ranked there
mean                 number  equal-weight mean of the groups, where `mean_shown`
low                  number  lower end of its 95 % interval
high                 number  upper end of its 95 % interval
""")
SANITY = PLACE + Columns.of("""
method               text    name of the method
metric               text    name of the metric, or of one of its columns as metric.column
truth                text    truth that maps are scored against; empty for a metric that reads none
floor                number  value that a map which depends on nothing learnt does not get beyond
""") + MEAN + Columns.of("""
n_data_seeds         whole   data seeds with a value
verdict              text    passed, failed, unclear, undefined, or the reason why it is a preview
""")  # fmt: skip
CELLS = (
    PLACE
    + METHOD
    + CASE
    + MEAN
    + Columns.of("""
gate                 text    passed or below gate
n_data_seeds         whole   data seeds with a value, in the simulator that has the fewest
n_subjects           whole   subjects with a value, of all simulators together
n_simulators         whole   simulators with a value
n_units              whole   models with a value
""")
)
COMPONENTS = (
    PLACE
    + CASE
    + Columns.of("""
component            text    method, data seed, model seed, subject, what these do together, or residual
variance             number  variance component; a negative estimate counts as zero
share                number  share of the sum of all components
negative             flag    the estimate was negative
n_methods            whole   methods of the balanced part
n_data_seeds         whole   data seeds of the balanced part
n_model_seeds        whole   model seeds within a data seed of the balanced part
n_subjects           whole   subjects of the balanced part
""")
)
GATES = PLACE + Columns.of("""
n_models             whole   trained models
n_passed             whole   models that passed the gate
auc                  number  mean test AUC
auc_reference        number  mean AUC of the reference observer
competence           number  mean competence
auc_off              number  mean AUC with the pathology off
separability_asked   number  AUC of the reference observer that the calibration aimed at
separability_reached number  AUC of the reference observer that it reached
train_subjects       number  mean number of subjects trained on
""")
MEAN_COSTS = Columns.of("""
stage                text    stage of the run
network              text    name of the network
method               text    name of the method; empty before maps are made
n                    whole   cells
seconds              number  mean seconds of one core, or of the device
seconds_total        number  those of all together
forward              number  mean number of forward passes
backward             number  mean number of backward passes
peak_mb              number  largest peak of memory
""")
FAILURE_COUNTS = Columns.of("""
status               text    failed, timeout or killed; unsupported or undefined
stage                text    stage of the run
network              text    name of the network
method               text    name of the method
metric               text    name of the metric
reason               text    one sentence
n                    whole   cells
""")
RELIABILITY = PLACE + Columns.of("""
metric               text    name of the metric
truth                text    truth that maps are scored against; empty for a metric that reads none
alpha                number  Krippendorff's alpha: agreement of images on the order of methods
low                  number  lower end of its 95 % interval
high                 number  upper end of its 95 % interval
inter_method         number  correlation over images between the scores of two methods
split_half           number  reliability of the order of methods over two halves of the images
n_units              whole   models
n_methods            whole   methods
n_subjects           whole   images
reason               text    one sentence on a missing alpha
""")
CONSISTENCY = PLACE + Columns.of("""
metric               text    name of the metric
truth                text    its truth
other                text    name of another metric
other_truth          text    the truth of that one
spearman             number  correlation over images, mean over methods and models
n_units              whole   models with a value
""")
PROXIES = PLACE + Columns.of("""
proxy                text    name of a metric that reads no truth
ranking              text    name of the ranking
spearman             number  correlation over methods, within a model, with what the ranking ranks by
low                  number  lower end of its 95 % interval
high                 number  upper end of its 95 % interval
ceiling              number  correlation of a perfect proxy that is measured as well
over_models          number  correlation over models, mean over methods
n_units              whole   models with a value
n_methods            whole   methods
""")
DISTANCES = PLACE + Columns.of("""
side                 text    patients or controls
method               text    name of the method
other                text    name of another method
distance             number  distance of their mean maps by region
n_units              whole   models
""")
DETECTION = Columns.of("""
clean                text    simulator without a shortcut
cued                 text    simulator with one
network              text    name of the network
method               text    name of the method
auc                  number  AUC of telling models apart by their mean maps, on data seeds not seen
low                  number  lower end of its 95 % interval
high                 number  upper end of its 95 % interval
n_data_seeds         whole   data seeds
n_models             whole   models
underpowered         flag    fewer data seeds than tell a reader who is right in 8 of 10 from chance
""")
PICTURES = PLACE + Columns.of("""
method               text    name of the method, or truth
subject              whole   index of the subject
state                text    patient, control or subject
plane                text    coronal, axial or sagittal
slice                whole   voxel at which the plane cuts
position             number  the same in mm, x, y or z by the plane
scale                text    value at full colour
""")
VIOLATIONS = Columns.of("violation text one sentence on a rule that the tables break")

#: by file
TABLES = {
    "leaderboard.csv": LEADERBOARD,
    "comparisons.csv": COMPARISONS,
    "concordance.csv": CONCORDANCE,
    "agreement.csv": AGREEMENT,
    "across_groups.csv": ACROSS_GROUPS,
    "sanity.csv": SANITY,
    "cells.csv": CELLS,
    "components.csv": COMPONENTS,
    "gates.csv": GATES,
    "costs.csv": MEAN_COSTS,
    "failure_counts.csv": FAILURE_COUNTS,
    "reliability.csv": RELIABILITY,
    "consistency.csv": CONSISTENCY,
    "proxies.csv": PROXIES,
    "distances.csv": DISTANCES,
    "detection.csv": DETECTION,
    "pictures.csv": PICTURES,
    "violations.csv": VIOLATIONS,
}

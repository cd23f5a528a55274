"""Tables that stand between two studies: what moved from one to the other, and cells that were computed again."""

from bench.columns.declaration import CASE, CONTEST, METHOD, UNIT, Columns

DRIFT = (
    CONTEST
    + METHOD
    + Columns.of("""
before               number  mean score in the earlier study
after                number  mean score in the later one
rank_before          text    rank in the earlier study; empty where not ranked
rank_after           text    rank in the later one
difference           number  mean of later less earlier scores, of simulators, data seeds and subjects that both have
low                  number  lower end of its 95 % interval
high                 number  upper end of its 95 % interval
paired               flag    the interval is of differences on the same subjects and data seeds
change               text    within, moved, new or gone
""")
)
SPOT = (
    UNIT
    + Columns.of("key text key of the cell")
    + METHOD
    + CASE
    + Columns.of("""
subjects             whole   subjects with a value
published            number  mean over them as it was published
again                number  mean over them, computed again
differing            whole   subjects whose value is not the same number
within               flag    the means lie within the tolerance, and both have the same subjects
""")
)
#: by file
TABLES = {"drift.csv": DRIFT, "spot.csv": SPOT}

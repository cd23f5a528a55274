"""Statuses of the methods of a ranking beside `ok` and the words of `refusals`, as leaderboard.csv has them."""

#: the status of a method that depends on nothing learnt, which is never ranked
FAILS_SANITY = "fails sanity"
#: the status of a method that has every score, from too little for an interval: what is between such means is not known
NO_INTERVAL = "no interval"
#: the status of a method that has every score and an interval, from too few data seeds or subjects for a rank
ONLY_PREVIEW = "preview"
#: the status of a method that lacks scores which others have
PARTIAL = "partial"
#: the statuses of a method whose means rank nobody
UNSURE = (ONLY_PREVIEW, NO_INTERVAL)
#: the statuses of a method that has every score, though perhaps too few for a rank
WHOLE = ("ok", *UNSURE)
#: the status of every method where no model passed the gate
BELOW_GATE = "below gate"
#: the status of every method where none is shown to find more than what sees no model, so that nothing is told of them
NOT_RANKABLE = "not rankable"
#: the status of a method whose layer is too coarse for anyone to score well on its grid
TOO_COARSE = "too coarse"

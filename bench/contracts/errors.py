"""The three ways a part says no. Anything else that is raised is a fault and is recorded as `failed`."""


class BadInput(ValueError):
    """The user asked for something impossible: one sentence naming what, where, and how to mend it."""


class Unsupported(Exception):
    """A method has no rule for this network (or a metric for this method); the row is marked `unsupported`."""


class Undefined(ValueError):
    """A value does not exist here (an empty truth, one model for a stability); the row is marked `undefined`."""

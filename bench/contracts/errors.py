"""The three ways in which a part says no. Anything else that is raised is a fault and is recorded as `failed`."""


class BadInput(ValueError):
    """The user asked for something impossible: one sentence naming what, where, and how to mend it."""


class Unsupported(Exception):
    """A method has no rule for this network, a metric none for this method, or a simulator none for this question."""


class Undefined(ValueError):
    """A value does not exist here (an empty truth, one model for a stability); the row is marked `undefined`."""

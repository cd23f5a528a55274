"""One subject's image and loss at a strength, of all parts alike or of each."""

from simulators.render import signal


def render(brain, scene, strength):
    return signal.image(brain.parts, scene, brain.parts.each(strength))


def loss(brain, scene, strength):
    return signal.loss(brain.parts, scene, brain.parts.each(strength))

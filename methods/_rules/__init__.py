"""Backward passes with rules: one mechanism for guided backprop, DeconvNet, DeepLIFT and relevance propagation.

`engine` sees every torch operation of a forward pass, wherever it is called (modules, functions, in-place, reused)
and lets a rule stand in for it; `operations` lists what the rules know, everything else is refused. A sigmoid or
softmax that weighs a signal is a gate: a constant to relevance propagation, refused by all others. `written` is how
relevance meets activations, norms and attention: as gates and what they weigh. Rules: `rules` (one factor an
operation), `activations` (smooth ones, for DeepLIFT), `shares` (contributions by sign), `first` (the layer that reads
the image), `differences` (between an image and its reference; `pooling` is its view of max pooling; `cancelling` the
rule for parts of either sign), `folding` (batch norm as part of a convolution), `patterns` (weights replaced by what
data say).
"""

from methods._rules.engine import Rule, intercepted
from methods._rules.rules import deconv, derived, epsilon, guided, halved, taken_by_the_signal

__all__ = ["Rule", "deconv", "derived", "epsilon", "guided", "halved", "intercepted", "taken_by_the_signal"]

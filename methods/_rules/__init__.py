"""Backward passes with rules: one mechanism for guided backprop, DeconvNet and layer-wise relevance propagation.

`engine` sees every torch operation of a forward pass, wherever it is called (modules, functions, in-place, reused)
and lets a rule stand in for it; `operations` lists what the rules know, everything else is refused; `rules` holds the
rules.
"""

from methods._rules.engine import Rule, intercepted
from methods._rules.rules import deconv, epsilon, guided

__all__ = ["Rule", "deconv", "epsilon", "guided", "intercepted"]

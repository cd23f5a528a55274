"""Small faults of Python source: one node of the syntax tree at a time, put into the text where the node stood."""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

COMPARISONS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
ARITHMETIC = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
LOGIC = {ast.And: ast.Or, ast.Or: ast.And}
EXTREMES = {
    one: other
    for a, b in (("min", "max"), ("amin", "amax"), ("minimum", "maximum"), ("argmin", "argmax"))
    for one, other in ((a, b), (b, a))
}


@dataclass(frozen=True)
class Mutant:
    """One fault: where it stands in which file, what was there and what is there now; text is the line, stripped."""

    file: str
    line: int
    text: str
    mutation: str
    place: tuple[int, int]
    after: str

    def of(self, source: str) -> str:
        """The source with the fault."""
        data, (start, end) = source.encode(), self.place
        return (data[:start] + self.after.encode() + data[end:]).decode()


@cache
def mutants(file: str, source: str) -> tuple[Mutant, ...]:
    """All faults of a file, in the order of its text."""
    lines = source.splitlines()
    starts = [0]
    for line in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = []
    for node in _judged(ast.parse(source)):
        start, end = starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
        for other in _faults(node):
            before, after = ast.unparse(node), ast.unparse(other)
            text = lines[node.lineno - 1].strip()
            found.append(Mutant(file, node.lineno, text, f"{before} -> {after}", (start, end), f"({after})"))
    return tuple(sorted(found, key=lambda mutant: (mutant.place, mutant.mutation)))


def _judged(node: ast.AST) -> Iterator[ast.expr]:
    """Expressions whose value matters: no annotations, no sentences of errors, no defaults that a YAML states too."""
    if isinstance(node, ast.Raise | ast.JoinedStr | ast.Assert):
        return
    if isinstance(node, ast.expr):
        yield node
    skipped = {"annotation", "returns", "decorator_list", "type_comment"}
    if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Constant):
        skipped.add("value")
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and name not in skipped:
                yield from _judged(child)


def _faults(node: ast.expr) -> Iterator[ast.expr]:
    """The expressions that may stand for one by mistake."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        yield _changed(node, ops=[COMPARISONS[type(node.ops[0])](), *node.ops[1:]])
    elif isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        yield _changed(node, op=ARITHMETIC[type(node.op)]())
    elif isinstance(node, ast.BoolOp):
        yield _changed(node, op=LOGIC[type(node.op)]())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield node.operand
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield ast.Constant(node.value + 1 if isinstance(node.value, int) else 2 * node.value or 1.0)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in EXTREMES:
        yield _changed(node, func=ast.Name(EXTREMES[node.func.id]))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in EXTREMES:
        yield _changed(node, func=_changed(node.func, attr=EXTREMES[node.func.attr]))


def _changed(node: ast.expr, **fields: object) -> ast.expr:
    other = copy.copy(node)
    for name, value in fields.items():
        setattr(other, name, value)
    return other

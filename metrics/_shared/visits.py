"""Visits behind the rows of a map."""

from bench.contracts import Context, Undefined, Visit


def visits_of(context: Context, count: int) -> dict[int, Visit]:
    """The visit in each row that is one; raises `Undefined` where there is none."""
    ask = context.visit or (lambda subject: None)
    visits = {row: visit for row in range(count) if (visit := ask(context.subject(row)))}
    if not visits:
        raise Undefined("courses need persons who are seen more than once, and here every subject is another person")
    return visits

"""Visits in the small worlds of checks."""

from bench.contracts import Visit


def seen_twice(subject: int) -> Visit:
    """The visit that a subject is: four in turn are both visits of a control and of a patient."""
    pair, place = divmod(subject, 4)
    number, patient = divmod(place, 2)
    return Visit(2 * pair + patient, number, 2, 12.0 * number, 70.0 + number, patient)

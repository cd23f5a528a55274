"""One sentence for impossible values."""

from bench.contracts import BadInput


def between(name: str, value: float, low: float, high: float, unit: str = "") -> None:
    """Refuse a value outside [low, high], naming key, value and range.

    Raises:
        BadInput: where the value lies outside or is not a number.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        unit = f" {unit}" if unit else ""
        raise BadInput(f"{name}={value!r} is not possible: give a number from {low:g} to {high:g}{unit}.")

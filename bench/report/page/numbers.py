"""Numbers as the page and the terminal print them."""

import numpy as np


def formatted(value: float, decimals: int | None = None) -> str:
    """A number as printed: counts whole, others with two decimals (fewer from ten upwards), a true minus."""
    whole = isinstance(value, int | np.integer) or abs(value) >= 100
    usual = 0 if whole else 1 if abs(value) >= 10 else 2
    text = f"{value:,.{usual if decimals is None else decimals}f}"
    return "0.00" if text == "-0.00" else text.replace("-", "−")

"""The speed of a machine: seconds of one fixed convolution on one core, by which prices from elsewhere are scaled.

Time of the processor is measured, which others at work on the machine hardly change.
"""

import time

import torch

#: images, features, grid and kernel: those of a layer of a small network on the grid of 7 mm
IMAGES, FEATURES, GRID, KERNEL = 4, 8, (24, 32, 24), 3
#: how long it is measured; the shortest of the times counts
MEASURED_S = 0.2


def convolution_seconds() -> float:
    """Seconds that the convolution takes here."""
    images, weights = torch.ones(IMAGES, FEATURES, *GRID), torch.ones(FEATURES, FEATURES, KERNEL, KERNEL, KERNEL)
    threads, end, seconds = torch.get_num_threads(), time.thread_time() + MEASURED_S, list[float]()
    torch.set_num_threads(1)
    try:
        while not seconds or time.thread_time() < end:
            started = time.thread_time()
            torch.conv3d(images, weights, padding=KERNEL // 2)
            seconds.append(time.thread_time() - started)
    finally:
        torch.set_num_threads(threads)
    return min(seconds)

"""Tests run side by side; one thread each is faster than threads that fight."""

import torch

torch.set_num_threads(1)

"""Networks: one file per architecture, each a module built with (in_shape, outputs, ...) and mapping to (N, K)."""

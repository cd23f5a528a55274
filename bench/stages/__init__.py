"""Stages of a unit: pure functions of what they are given; storing and keys are the harness's business."""

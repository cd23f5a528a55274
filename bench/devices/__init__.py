"""The device that models run on: its choice, its memory, and the way of values there and back."""

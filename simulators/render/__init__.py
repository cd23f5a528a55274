"""Rendering: from latents to signal and images."""

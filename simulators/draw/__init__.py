"""Drawing: the latents of a subject, each component from its own hashed stream."""

"""Published studies: where their tables lie, and the editions that do not change."""

"""Pictures and files for people to look at: portraits, views of models, exports as NIfTI."""

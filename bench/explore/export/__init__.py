"""Cohorts as folders that any neuroimaging tool reads: BIDS-like, NIfTI, with twins, truths and maps as derivatives."""

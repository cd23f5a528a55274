"""What a plug-in is lent and may not change: the process it runs in, and the values that other cells are made from."""

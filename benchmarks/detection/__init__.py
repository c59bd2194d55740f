"""The benchmark of the detection engine: what is found of what was planted, and what of what was not."""

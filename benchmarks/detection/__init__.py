"""The benchmark of the detection engine: what is found of what was planted, and what is found though nobody planted it."""

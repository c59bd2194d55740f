"""Looking for input that breaks phonehome: targets, and `run`, which drives them."""

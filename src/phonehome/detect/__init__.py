"""Finding known values: forms, lexicon, unfold, search, locate."""

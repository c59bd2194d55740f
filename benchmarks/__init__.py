"""Side by side with the peers, on the same input, in one run."""

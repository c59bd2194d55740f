"""The case folder: for now, the subject file."""

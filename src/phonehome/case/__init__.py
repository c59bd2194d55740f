"""The case folder, and the files that people write in it: subjects, sessions, annotations, protocols."""

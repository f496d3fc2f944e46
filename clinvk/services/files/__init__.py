"""Finds the files that a turn changed in the work tree."""

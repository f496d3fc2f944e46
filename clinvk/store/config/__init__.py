"""Reads, checks and changes the configuration file."""

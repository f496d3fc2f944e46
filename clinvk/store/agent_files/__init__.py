"""Reads the agents' own files; never writes them."""

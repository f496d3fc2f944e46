"""The agents' own files, only read."""

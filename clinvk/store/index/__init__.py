"""The index of the sessions. It is derived from their files and may be deleted."""

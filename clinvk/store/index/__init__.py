"""The index over the records: derived, may be deleted."""

"""Everything on disk; the only floor that knows paths."""

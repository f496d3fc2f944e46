"""Everything on disk. Only this layer knows paths."""

"""Search in all sessions."""

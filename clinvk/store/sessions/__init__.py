"""The records of sessions."""

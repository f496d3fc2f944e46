"""The locks of sessions and names."""

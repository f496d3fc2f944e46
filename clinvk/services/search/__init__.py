"""Searches all sessions."""

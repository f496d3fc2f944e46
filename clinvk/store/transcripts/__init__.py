"""Reads and writes the transcripts of sessions."""

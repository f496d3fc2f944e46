"""The transcripts of sessions."""

"""Reads and writes sessions: their records, and what follows from their transcripts."""

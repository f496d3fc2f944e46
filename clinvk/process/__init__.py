"""Starts, reads, signals and stops child processes; nothing else in clinvk does."""

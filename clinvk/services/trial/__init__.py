"""Trying a backend for real: a few prompts, far from the person's own sessions and projects."""

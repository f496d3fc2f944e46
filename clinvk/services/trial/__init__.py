"""Tests a real backend with a few prompts, separate from the user's sessions and projects."""

"""Puts an agent's permission requests to the person at the terminal."""

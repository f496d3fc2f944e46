"""Gemini CLI: installed, and not yet set up."""

from bed.setups._base import Setup


class Gemini(Setup):
    """Nothing is needed to ask for its version."""

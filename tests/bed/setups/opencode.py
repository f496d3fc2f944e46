"""opencode: installed, and not yet set up."""

from bed.setups._base import Setup


class Opencode(Setup):
    """Nothing is needed to ask for its version."""

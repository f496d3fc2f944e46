"""How each agent is set up in a home of the tests: a module `NAME.py` with a class `Agent`."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from bed.setups._base import Place, Setup

_NAMES = sorted(file.stem for file in Path(__file__).parent.glob("[!_]*.py"))

SETUPS: Mapping[str, Setup] = {name: import_module(f"bed.setups.{name}").Agent() for name in _NAMES}

__all__ = ["SETUPS", "Place", "Setup"]

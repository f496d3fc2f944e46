"""One command line for every coding agent, and sessions you can trust."""

__version__ = "0.1.0"

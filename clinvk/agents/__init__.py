"""Support for the agents' CLIs: one package per agent, and the code that they share."""

"""Backends that the configuration of a person declares."""

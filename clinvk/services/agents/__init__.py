"""The agents on this machine."""

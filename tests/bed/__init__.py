"""The test bed: a mock model server, the real agents' CLIs, and homes where the two meet."""

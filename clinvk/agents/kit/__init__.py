"""Code shared by two or more agents. It contains no agent's name."""

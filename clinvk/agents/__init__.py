"""Everything about the agents' CLIs: one package an agent, and what they share."""

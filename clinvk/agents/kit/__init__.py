"""What two or more agents share; names no agent."""

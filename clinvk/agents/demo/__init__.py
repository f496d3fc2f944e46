"""The demo agent, which comes with clinvk."""

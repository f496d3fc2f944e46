"""Values and pure functions without I/O, clock and environment, on msgspec alone."""

"""Use cases: they take values and return values; they never print and never exit."""

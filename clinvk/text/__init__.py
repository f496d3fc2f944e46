"""Text and its forms: pure functions, standard library only."""

"""What a turn changed in the work tree."""

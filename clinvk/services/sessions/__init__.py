"""Sessions: find, list, label, export, delete, clean."""

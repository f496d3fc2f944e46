"""What other programs read: the JSON Schemas of all that is written."""

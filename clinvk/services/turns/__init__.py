"""One turn: from the prompt to the record of what came back."""

"""The command line: words in, text out; Typer, rich and questionary live only here."""

"""The command line: words in, text out; Typer, Pygments and questionary live only here."""

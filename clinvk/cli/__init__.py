"""The command line: words in, text out; Typer, rich, questionary and humanize live only here."""

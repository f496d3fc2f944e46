"""The command line: words in, text out; click, rich and questionary live only here."""

"""The man page `clinvk(1)`, made from the commands, the exit statuses and the settings."""

import re
from collections.abc import Iterable, Iterator

from typer import Context

from clinvk.errors import EXIT_MEANINGS
from clinvk.model.config import environment_variable
from tools.commands import every_command
from tools.keys_table import every_key

_ENVIRONMENT = {
    "CLINVK_HOME": "The folder of sessions and configuration (default: ~/.clinvk).",
    "CLINVK_BACKEND": "The backend of a new session (`default_backend`).",
    "CLINVK_MODEL": "The model of a new session.",
    "CLINVK_KEY": "Any other key of the configuration, as named in CONFIGURATION.",
    "NO_COLOR": "If set and not empty, output has no colors.",
    "VISUAL, EDITOR": "The editor for `--editor` and `clinvk config edit`.",
}
_FILES = {
    "~/.clinvk/config.yaml": "The configuration; `clinvk config path` prints where it is.",
    "~/.clinvk/sessions/ID.json": "A session: its agent, directory, status and totals.",
    "~/.clinvk/transcripts/ID.jsonl": "Its turns, one event per line.",
}


def man_page() -> str:
    """The whole page, in the macros of man(7)."""
    root, *commands = every_command()
    about, examples, *_ = _paragraphs(root)
    lines = [
        r".\" Written by `python -m tools.generate`.",
        '.TH CLINVK 1 "" "clinvk" "User Commands"',
        ".nh",
        ".ad l",
        ".SH NAME",
        rf"clinvk \- {_text(about.rstrip('.'))}",
        ".SH SYNOPSIS",
        *_usage(root),
        ".SH DESCRIPTION",
        "clinvk runs the command line programs of coding agents, shows what they do, and records",
        "every run as a session that can be continued, searched and exported.",
        "The first word that is not an option is a command; other words are a prompt.",
        *_table(examples),
        ".SH COMMANDS",
    ]
    for ctx in commands:
        lines += _command(ctx)
    lines += [".SH EXIT STATUS", *_items((str(int(s)), m) for s, m in EXIT_MEANINGS.items())]
    lines += [".SH CONFIGURATION"]
    lines += [
        "An option wins over the environment, which wins over the file.",
        r"\fBclinvk config set\fR \fIKEY VALUE\fR changes the file.",
    ]
    for key, kind, default, meaning in every_key():
        variable = environment_variable(key)
        lines += _items([(key, f"{meaning} ({kind}; default: `{default}`; {variable})")])
    lines += [".SH ENVIRONMENT", *_items(_ENVIRONMENT.items())]
    lines += [".SH FILES", *_items(_FILES.items())]
    return "\n".join(lines) + "\n"


def _command(ctx: Context) -> Iterator[str]:
    """A subsection: the usage, what it does, and its arguments and options."""
    yield f".SS {_text(ctx.command_path)}"
    yield from _usage(ctx)
    for paragraph in _paragraphs(ctx):
        yield from _table(paragraph) if paragraph.startswith("\b") else [".PP", _text(paragraph)]
    records = (one.get_help_record(ctx) for one in ctx.command.get_params(ctx))
    named = [record for record in records if record is not None]
    yield from _items((name, text) for name, text in named if not name.startswith("-h,"))


def _usage(ctx: Context) -> Iterator[str]:
    words = " ".join(ctx.command.collect_usage_pieces(ctx))
    yield rf"\fB{_text(ctx.command_path)}\fR {_text(words)}"


def _paragraphs(ctx: Context) -> list[str]:
    return (ctx.command.help or "").strip().split("\n\n")


def _table(paragraph: str) -> Iterator[str]:
    """The lines of two columns, which the help aligns by spaces; others as they are."""
    for line in paragraph.strip("\b\n").splitlines():
        left, found, right = line.strip().partition("   ")
        yield from _items([(left, right)]) if found else [".PP", _text(line)]


def _items(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, text in pairs:
        yield ".TP"
        yield rf"\fB{_text(name, code=False)}\fR"
        yield _text(re.sub(r" *\[required\]$", "", text))


def _text(text: str, *, code: bool = True) -> str:
    """The text for troff; what is between backticks is bold."""
    if code:
        text = " ".join(text.split())
    for plain, escaped in (("\\", r"\e"), ("-", r"\-"), ("~", r"\(ti"), ("^", r"\(ha")):
        text = text.replace(plain, escaped)
    if code:
        text = re.sub(r"`([^`]+)`", r"\\fB\1\\fR", text)
    text = text.replace("`", r"\(ga")
    return rf"\&{text}" if text.startswith((".", "'")) else text

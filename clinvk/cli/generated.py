"""The files of the repository that the package writes itself: completions, reference, a table.

    python -m clinvk.cli.generated [FOLDER]

writes them below the current directory, or below FOLDER; a test compares.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

from clinvk.agents.base import WITHOUT_OPTION, Backend, Capability
from clinvk.cli.app import app
from clinvk.cli.completion.scripts import FILES, script
from clinvk.cli.context import build_cli
from clinvk.cli.lazy import CommandTable
from clinvk.services.agents.catalog import built_in

PAGE = "docs/backends.md"
"""A page that people write, but for its table."""

_BEGIN = "<!-- capabilities: written by `python -m clinvk.cli.generated` -->"
_END = "<!-- end of capabilities -->"

_COLUMNS = 100

_TOP = """# Commands

What `--help` says, command by command. This page is written by `python -m clinvk.cli.generated`.
"""


def generated_files() -> Mapping[str, str]:
    """The text of each file, by its path in the repository."""
    completions = {f"completions/{name}": script(shell) for name, shell in FILES.items()}
    return {**completions, "docs/commands.md": _reference()}


def filled_page(page: str) -> str:
    """The text of `PAGE`, with the table of what each agent can do between its two marks."""
    head, _, rest = page.partition(f"{_BEGIN}\n")
    tail = rest.partition(_END)[2]
    table = "".join(f"{line}\n" for line in _table())
    return f"{head}{_BEGIN}\n{table}{_END}{tail}"


def write_generated(folder: Path) -> None:
    """Write them all below `folder`, and the table into the page that is there, if it is."""
    page = folder / PAGE
    if page.is_file():
        page.write_text(filled_page(page.read_text(encoding="utf-8")), encoding="utf-8")
    for name, text in generated_files().items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def _table() -> Iterator[str]:
    known = [*map(build_cli().world.agents.get, built_in())]
    yield f"| | {' | '.join(one.name for one in known)} |"
    yield "|---" * (len(known) + 1) + "|"
    yield f"| tested versions | {' | '.join(', '.join(one.tested_versions) for one in known)} |"
    for capability in Capability:
        cells = (_cell(capability, one) for one in known)
        yield f"| {capability.meaning} | {' | '.join(cells)} |"
    yield ""
    yield "Code is the agent's own way; an argument is passed on by `--backend-arg=…`."
    yield ""
    for one in known:
        if one.lacks:
            yield f"{one.title} cannot:"
            yield from (f"- {capability.meaning}: {why}" for capability, why in one.lacks.items())
            yield ""


def _cell(capability: Capability, backend: Backend) -> str:
    if capability in backend.ways:
        return f"`{backend.ways[capability]}`"
    no = capability in backend.lacks or capability in WITHOUT_OPTION
    return "no" if no else "yes"


def _reference() -> str:
    """The page with the `--help` of every command, as the program prints it."""
    command = typer.main.get_command(app)
    helps = "\n".join(
        f"## {name}\n\n```text\n{text}\n```\n" for name, text in _helps(command, "clinvk", None)
    )
    return f"{_TOP}\n{helps}"


def _helps(
    command: Any,  # noqa: ANN401  Typer's classes have no public names
    name: str,
    above: typer.Context | None,
) -> Iterator[tuple[str, str]]:
    ctx = typer.Context(
        command,
        info_name=name,
        parent=above,
        terminal_width=_COLUMNS,
        **command.context_settings,
    )
    lines = (line.rstrip() for line in command.get_help(ctx).splitlines())
    yield ctx.command_path, "\n".join(lines).strip()
    if isinstance(command, CommandTable):
        for below in command.lines:
            yield from _helps(command.load(below), below, ctx)


if __name__ == "__main__":
    write_generated(Path(*sys.argv[1:2]))

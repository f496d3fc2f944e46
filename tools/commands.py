"""What is made from the commands and the agents: completions, reference, table of capabilities."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from typer import Context

from clinvk.agents.base import WITHOUT_OPTION, Backend, Capability
from clinvk.cli.app import app
from clinvk.cli.completion import Shell, script
from clinvk.cli.context import build_cli
from clinvk.services.agents.catalog import built_in

_COLUMNS = 100
_FILES = {"clinvk.bash": Shell.BASH, "_clinvk": Shell.ZSH, "clinvk.fish": Shell.FISH}
"""The file names that the shells expect."""

_TOP = """# Commands

What `--help` says, command by command. This page is written by `python -m tools.generate`.
"""


def completions() -> Mapping[str, str]:
    """The completion script of each shell, by its path."""
    return {f"completions/{name}": script(shell) for name, shell in _FILES.items()}


def capabilities() -> str:
    """The table of what each agent can do, and what it cannot and why."""
    return "".join(f"{line}\n" for line in _table())


_NO = "\N{EN DASH}"
_LEGEND = f"""✓ is yes, in the tested versions, and {_NO} is no. With *ask* it can only do this with
`--access ask`, with *not ask* only with another access, and with *own* only in its own way. The
reasons and the ways are below. What is *untested* follows the agent's own documentation."""


def _table() -> Iterator[str]:
    known = [*map(build_cli().world.agents.get, built_in())]
    yield f"| | {' | '.join(one.name for one in known)} |"
    yield f"|---{'|:-:' * len(known)}|"
    yield _row("tested versions", (", ".join(one.tested_versions) or "untested" for one in known))
    yield _row("oldest version that works", (one.oldest_version or "unknown" for one in known))
    for capability in Capability:
        yield _row(capability.meaning, (_cell(capability, one) for one in known))
    yield ""
    yield _LEGEND
    yield ""
    for one in known:
        yield from _below_the_table(f"{one.title} can, in its own way:", _own_ways(one))
        yield from _below_the_table(f"{one.title} cannot:", _reasons(one))


def _row(head: str, cells: Iterable[str]) -> str:
    return f"| {head} | {' | '.join(cells)} |"


def _cell(capability: Capability, backend: Backend) -> str:
    if capability in backend.ways:
        return "own"
    if capability in backend.when_asking:
        return "ask"
    if capability in backend.lacks_when_asking:
        return "not ask"
    return _NO if capability in backend.lacks or capability in WITHOUT_OPTION else "✓"


def _own_ways(backend: Backend) -> Iterator[str]:
    for capability, way in backend.ways.items():
        passed = f"--backend-arg={way}" if way.startswith("-") else way
        yield f"- {capability.meaning}: `{passed}`"


def _reasons(backend: Backend) -> Iterator[str]:
    for capability, why in backend.lacks.items():
        yield f"- {capability.meaning}: {why}"
    for capability, why in backend.lacks_when_asking.items():
        yield f"- {capability.meaning} with `--access ask`: {why}"


def _below_the_table(head: str, lines: Iterable[str]) -> Iterator[str]:
    if listed := list(lines):
        yield from (head, "", *listed, "")  # Python-Markdown needs a blank line before a list


def reference() -> str:
    """The page with the `--help` of every command, as the program prints it."""
    helps = "\n".join(
        f"## {ctx.command_path}\n\n```text\n{_help(ctx)}\n```\n" for ctx in every_command()
    )
    return f"{_TOP}\n{helps}"


def every_command() -> Iterator[Context]:
    """Each command, with those below it after it, as its own help is made."""
    return _below(app, "clinvk", None)


def _help(ctx: Context) -> str:
    return "\n".join(line.rstrip() for line in ctx.get_help().splitlines()).strip()


def _below(
    command: Any,  # noqa: ANN401  a command of ours
    name: str,
    above: Context | None,
) -> Iterator[Context]:
    ctx = Context(
        command,
        info_name=name,
        parent=above,
        terminal_width=_COLUMNS,
        **command.context_settings,
    )
    yield ctx
    for below in getattr(command, "commands", ()):
        yield from _below(command.load(below), below, ctx)

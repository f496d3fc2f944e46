"""`clinvk backends`: a table, then the abilities of each agent; or a JSON array."""

from collections.abc import Iterator, Sequence

from clinvk.cli.render.layout import in_columns
from clinvk.cli.streams import Streams
from clinvk.model.versions import VersionMatch
from clinvk.services.agents.states import BackendState
from clinvk.text.json_codec import json_list
from clinvk.text.sanitize import safe_line
from clinvk.text.units import UNKNOWN

_HEAD = ("NAME", "AGENT", "VERSION", "SIGNED IN", "PROGRAM")
_VERSION_NOTES = {
    VersionMatch.NEWER: "; the installed one is newer",
    VersionMatch.OLDER: "; the installed one is older",
    VersionMatch.OTHER: "; the installed one is different",
}


def render_backends(states: Sequence[BackendState], streams: Streams, *, as_json: bool) -> None:
    """Show the backends on stdout."""
    if as_json:
        from clinvk.published.machine import backend_to_json

        streams.out_json(json_list(map(backend_to_json, states)).decode())
        return
    rows = [_HEAD, *(_row(state) for state in states)]
    streams.out("".join([*in_columns(rows), *_notes(states)]))


def _row(state: BackendState) -> tuple[str, ...]:
    return (
        f"{state.name}{' (default)' if state.is_default else ''}",
        state.title,
        safe_line(state.version or UNKNOWN),
        state.signed_in.value.replace("_", " ") if state.installed else UNKNOWN,
        safe_line(_program(state)),
    )


def _program(state: BackendState) -> str:
    if state.program is None:
        return f"not installed: {state.install_hint}"
    return state.program[0] if state.enabled else f"{state.program[0]} (switched off)"


def _notes(states: Sequence[BackendState]) -> Iterator[str]:
    """The tested versions and the abilities of each installed agent.

    The documentation has a table of all agents, including those that are not installed.
    """
    for state in filter(lambda state: state.installed, states):
        yield f"\n{state.name}\n"
        if state.fault:
            yield f"  version: unknown ({safe_line(state.fault)})\n"
        if tested := ", ".join(state.tested_versions):
            yield f"  tested: {tested}{_VERSION_NOTES.get(state.version_match, '')}\n"
        if state.supports:
            yield f"  can: {', '.join(map(_words, state.supports))}\n"
        for thing, way in state.ways.items():
            passed = "by `--backend-arg=" if way.startswith("-") else "by `"
            yield f"  can: {_words(thing)} ({passed}{way}`)\n"
        for thing, why in state.lacks.items():
            yield f"  cannot: {_words(thing)} ({why})\n"


def _words(capability: str) -> str:
    return capability.replace("_", " ")

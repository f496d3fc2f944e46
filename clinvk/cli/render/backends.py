"""`clinvk backends`: a table, or what an agent can do; or a JSON array.

`clinvk backends test`: a line per check as soon as it ends; or a JSON object.
"""

from collections.abc import Iterable, Iterator, Sequence

from clinvk.agents.capability import Capability
from clinvk.cli.paint import DIM, GREEN, RED, Paint
from clinvk.cli.render.layout import folded, in_columns
from clinvk.cli.streams import Streams
from clinvk.model.trial import Held, Promise, Verdict
from clinvk.model.versions import VersionMatch
from clinvk.services.agents.states import BackendState
from clinvk.text.json_codec import json_list, json_page
from clinvk.text.sanitize import safe_line
from clinvk.text.units import UNKNOWN

_HEAD = ("NAME", "AGENT", "VERSION", "STATE", "SIGNED IN")
_STATES = {
    VersionMatch.TOO_OLD: "too old",
    VersionMatch.OTHER: "untested",
    VersionMatch.UNKNOWN: UNKNOWN,
}
"""The state of an installed agent where its word for people is another one."""
_VERSION_NOTES = {
    VersionMatch.NEWER: "; the installed one is newer",
    VersionMatch.OLDER: "; the installed one is older",
    VersionMatch.TOO_OLD: "; the installed one is too old",
    VersionMatch.OTHER: "; the installed one is different",
}
_MARKS = {Held.YES: "✓", Held.NO: "✗", Held.NOT_TRIED: "\N{EN DASH}"}
_CODES = {Held.YES: GREEN, Held.NO: RED, Held.NOT_TRIED: DIM}
_COLUMNS = 10
_NARROW = 60


def render_backends(
    states: Sequence[BackendState], streams: Streams, *, as_json: bool, verbose: bool = False
) -> None:
    """Show the backends on stdout; `verbose` adds what each installed one can do."""
    if as_json:
        from clinvk.published.machine import backend_to_json

        streams.out_json(json_list(map(backend_to_json, states)).decode())
        return
    rows = [_HEAD, *(_row(state) for state in states if state.installed)]
    streams.out(_page(rows, _notes(states, verbose=verbose), streams))
    if not verbose and streams.stdout_is_tty:
        streams.err("`clinvk backends NAME` shows what an agent can do")


def render_backend(state: BackendState, streams: Streams, *, as_json: bool) -> None:
    """Show one backend on stdout, installed or not."""
    if as_json:
        from clinvk.published.machine import backend_to_json

        streams.out_json(json_page(backend_to_json(state)).decode())
        return
    streams.out(_page([_HEAD, _row(state)], _abilities(state), streams))


def _page(rows: Sequence[Sequence[str]], notes: Iterable[str], streams: Streams) -> str:
    """The table and the notes; on a terminal lines end between words."""
    columns = streams.columns() if streams.stdout_is_tty else None
    if columns is not None and columns < _NARROW:  # without the full names
        rows = [(name, *others) for name, _, *others in rows]
    head, *lines = "".join(in_columns(rows)).splitlines()
    shown = (
        head,
        *folded(lines, columns, indent=head.index(_HEAD[2])),
        *folded("".join(notes).splitlines(), columns, indent=len(_INDENT)),
    )
    return "".join(f"{line}\n" for line in shown)


def _row(state: BackendState) -> tuple[str, ...]:
    return (
        f"{state.name}{' (default)' if state.is_default else ''}",
        state.title,
        safe_line(state.version or UNKNOWN),
        _state(state),
        state.signed_in.value.replace("_", " ") if state.installed else UNKNOWN,
    )


def _state(state: BackendState) -> str:
    if not state.installed:
        return "not installed"
    if not state.enabled:
        return "switched off"
    if state.broken:
        return "broken"
    return _STATES.get(state.version_match, state.version_match.value)


def _notes(states: Sequence[BackendState], *, verbose: bool) -> Iterator[str]:
    """The names of those that are not installed; if `verbose`, what the others can do.

    The documentation has a table of all agents, including those that are not installed.
    """
    if absent := [state.name for state in states if not state.installed]:
        yield f"not installed (`clinvk backends NAME` says how): {', '.join(absent)}\n"
    for state in filter(lambda state: verbose and state.installed, states):
        yield from _abilities(state)


def _abilities(state: BackendState) -> Iterator[str]:
    yield f"\n{state.name}\n"
    if state.program is not None:
        yield f"  program: {safe_line(state.program[0])}\n"
    else:
        yield f"  not installed: {state.install_hint}\n"
    if state.fault:
        yield f"  version: unknown ({safe_line(state.fault)})\n"
    if tested := ", ".join(state.tested_versions):
        yield f"  tested: {tested}{_VERSION_NOTES.get(state.version_match, '')}\n"
    if state.oldest_version is not None:
        update = f"; update it: {state.install_hint}" * (
            state.version_match is VersionMatch.TOO_OLD
        )
        yield f"  oldest that works: {state.oldest_version}{update}\n"
    yield from _listed("can:", map(_meaning, state.supports))
    for thing, way in state.ways.items():
        passed = "`--backend-arg=" if way.startswith("-") else "`"
        yield f"{_INDENT}{_meaning(thing)}: {passed}{way}`\n"
    yield from _listed("cannot:", (f"{_meaning(one)}: {why}" for one, why in state.lacks.items()))


_INDENT = " " * len("  cannot: ")


def _listed(label: str, things: Iterable[str]) -> Iterator[str]:
    for at, thing in enumerate(things):
        yield f"{_INDENT if at else f'  {label:<8}'}{thing}\n"


def _meaning(capability: str) -> str:
    return Capability(capability).meaning


def render_trial(
    name: str, verdicts: Iterable[Verdict], streams: Streams, *, as_json: bool
) -> bool:
    """Show each verdict on stdout; return whether no check failed.

    A message on stderr precedes the first prompt.
    """
    seen: list[Verdict] = []
    for verdict in verdicts:
        seen.append(verdict)
        if not as_json:
            streams.out(f"{_line(verdict, streams.paint)}\n")
        if verdict.promise is Promise.INSTALLED and verdict.held is Held.YES:
            streams.err(safe_line(f"sending a few real prompts to `{name}`, which can cost money"))
    kept = all(verdict.held is not Held.NO for verdict in seen)
    if as_json:
        from clinvk.published.machine import trial_to_json

        streams.out_json(json_page(trial_to_json(name, seen, ok=kept)).decode())
    return kept


def _line(verdict: Verdict, paint: Paint) -> str:
    shown = paint(_MARKS[verdict.held], _CODES[verdict.held])
    detail = verdict.detail
    if verdict.held is Held.NOT_TRIED:
        detail = f"not tried: {detail}"
    elif verdict.held is Held.NO:
        detail = f"{detail} (promised: {verdict.promise.meaning})"
    return f"{shown} {verdict.promise.value:<{_COLUMNS}} {safe_line(detail)}"

"""The page of errors.

The meanings of failures come from the code, the examples from recordings of the real CLIs.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))  # it finds `contract`

from clinvk.agents import registry as backends
from clinvk.errors import EXIT_MEANINGS, ClinvkError
from clinvk.model.events import Result, Warned
from clinvk.model.failure import MEANINGS
from contract.replay import Case, cases, replay

_LONGEST = 110
_HEAD = """\
# What can go wrong

A failure is one sentence on stderr (`error: …`) with the way out (`hint: …`), and one object with
`-o json`:

```json
{"code": "rate_limited", "message": "…", "hint": "wait, then try again", "retryable": true,
 "retry_at": null}
```

`code` is stable and the same for every agent. `message` is the agent's own error text, if it has
one. `retryable` means that the same prompt may work later. `retry_at` is the time from which it may
work (UTC), if the agent or its service reports one; the hint then has this time too. The exit
status follows from the code. A turn that you interrupt is cancelled, which is not an error: `error`
is null, and the exit status is 130 or 143. Whether a turn succeeded depends on the agent's output;
the exit code is used only if the output does not show it. So a complete answer is kept even if the
process fails afterwards, and an error in the output is an error even if the agent exits with 0.

The code is chosen by the agent's own fields (HTTP status, kind of error), else by the words of its
error. Paths, addresses, stack traces, quoted source, hints and errors of the machine (`ENOENT`, a
missing module) do not count as errors of the service. If an agent only wrote to stderr, `message`
is the line that explains the error, with its cause if there is one. This is often not the last
line, which may be Node's version, a note about backtraces, or the path of npm's log.

`python -m tools.generate` writes this page: the first tables from the code, the last ones from
recordings of the real agents.

## Exit status
"""
_TURN = """
The exit status is also 1 if a search has no hit, `sessions reindex --check` finds a difference, or
`doctor` finds a problem.

## A turn that failed
It is recorded, and `clinvk resume ID "…"` continues the session. For an unknown failure,
`clinvk sessions show SESSION --turn N` has the agent's last lines.

"""
_OURS = """
## Errors before a turn or a command starts
Nothing was sent to an agent. With `-o json`, `run` and `resume` print the object of a run. Other
commands print `{"schema": 1, "exit_status": 4, "error": {…}}` alone, as in
`clinvk/schemas/failure.schema.json`.

"""
_SEEN = """
## Recorded errors of the agents
Each case is a folder in `tests/contract/streams/`, with the version of the agent.
"""


def errors_page() -> str:
    """The whole page."""
    parts = [_HEAD, *_table(("exit status", "meaning"), _statuses()), _TURN]
    heads: tuple[str, ...] = ("code", "meaning", "exit status", "retryable", "what to do")
    parts += [*_table(heads, _codes()), _OURS]
    heads = ("code", "meaning", "exit status", "retryable")
    parts += [*_table(heads, _own_codes()), _SEEN]
    for name in backends.names():
        if backends.get(name).preference is not None and (seen := list(_seen(name))):
            parts += [f"\n### {name}\n", *_table(("case", "code", "what the agent said"), seen)]
    return "".join(parts)


def _statuses() -> Iterator[tuple[str, ...]]:
    for status, meaning in EXIT_MEANINGS.items():
        yield str(int(status)), meaning


def _codes() -> Iterator[tuple[str, ...]]:
    for code, meaning in MEANINGS.items():
        status, again = str(int(meaning.exit_status)), _yes(meaning.retryable)
        yield f"`{code.value}`", meaning.what, status, again, meaning.hint or "—"


def _own_codes() -> Iterator[tuple[str, ...]]:
    for error in _leaves(ClinvkError):
        what = (error.__doc__ or "").partition("\n")[0].rstrip(".")
        what = what[:1].lower() + what[1:]
        yield f"`{error.code}`", what, str(int(error.exit_status)), _yes(error.retryable)


def _leaves(kind: type[ClinvkError]) -> Iterator[type[ClinvkError]]:
    """The errors that are raised; those above them only group them."""
    below = [each for each in kind.__subclasses__() if each.__module__ == ClinvkError.__module__]
    if not below:
        yield kind
    for each in below:
        yield from _leaves(each)


def _seen(name: str) -> Iterator[tuple[str, ...]]:
    """A row a case in which something failed; versions that say the same share one."""
    rows: dict[tuple[str, str, str], None] = {}
    for case in cases(name):
        if told := _told(case):
            rows.setdefault((f"`{case.name.partition('__')[0]}`", *told))
    yield from rows


def _told(case: Case) -> tuple[str, str] | None:
    """The code and the words, None where all went well."""
    events = replay(case)
    result, stop = events[-1], case.facts["stop"]
    if not isinstance(result, Result):
        raise TypeError(case.folder)
    telling = "denied" if case.name.startswith("tool_denied") else "retry"
    warned = [event for event in events if isinstance(event, Warned)]
    notices = [event.message for event in warned if event.code == telling]
    if stop == "interrupt":
        return "—", "interrupted: cancelled, exit 130"
    if stop == "timeout" and notices:
        return "`timeout`", _short(notices[-1])
    if result.failure is not None:
        return f"`{result.failure.code.value}`", _short(result.failure.message)
    return ("—", f"ends well; {_short(notices[-1])}") if notices else None


def _short(words: str) -> str:
    """One cell's worth of them."""
    line = " ".join(words.split())
    line = line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
    return line.replace("|", "\\|").replace("<", "&lt;")


def _yes(value: bool) -> str:  # noqa: FBT001  a table's cell
    return "yes" if value else "no"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |\n"
    yield f"|{'---|' * len(heads)}\n"
    for row in rows:
        yield f"| {' | '.join(row)} |\n"

"""The page of errors.

What a failure means is read off the product, and what shows it off the recordings of the real CLIs.
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

`code` is stable and the same for every agent, `message` is the agent's own words where it had
any. `retryable` says that the same prompt may work later, and `retry_at` from when on (UTC) if
the agent or its service tells it: the hint then names that moment. The exit status follows from
the code. A turn that you interrupt is cancelled, which is no error: `error` is null, the exit
status 130 or 143. Success is judged by what the agent says first, and by its exit code only where
it says nothing: a complete answer is kept, whatever happened to the process afterwards,
and an error inside a run that exits with 0 is an error.

What a failure is taken for comes from the agent's own fields first (HTTP status, kind of error),
then from the words of its error. Paths, addresses, stacks, quoted source, hints and faults of the
machine itself (`ENOENT`, a missing module) say nothing of the service. Of an agent that only wrote
to stderr, `message` is the line that says what went wrong, with its cause where one is named: not
the last line, which may be Node's version, a note about backtraces, or where npm keeps its log.

This page is written by `python -m tools.generate`: the tables are the code's own, the
last ones are what the real agents said when they were recorded.

## Exit status
"""
_TURN = """
## A turn that failed
It is recorded, and `clinvk -c` continues the session. For an unknown failure, `clinvk sessions
show SESSION --turn N` has the agent's last lines.

"""
_OURS = """
## What keeps a turn or a command from starting
Nothing was sent to an agent.

"""
_SEEN = """
## Seen on the agents
Each case is a folder in `tests/contract/streams/`; the agents' versions are in it.
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

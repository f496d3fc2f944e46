"""The contract of every backend, as checks that its author can run.

`python -m clinvk.agents.contract NAME [RECORDING...]` checks a backend of clinvk or of an installed
package, without starting anything. A recording is what the agent's CLI printed on stdout in one
turn. Each check is a function that returns what is wrong, "" if nothing is.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from msgspec import Struct

from clinvk.agents import registry as backends
from clinvk.agents.base import Backend, Capability, Parser, Reply
from clinvk.errors import BackendUnsupportedError, ClinvkError
from clinvk.model.access import Access
from clinvk.model.conversation import TurnMode
from clinvk.model.effort import Effort
from clinvk.model.events import Event, Raw, Result
from clinvk.model.request import Picture, TurnRequest

PROMPT = "a prompt with --options, 'quotes' and {braces}"
CONVERSATION = "123e4567-e89b-12d3-a456-426614174000"

ENDS: Sequence[tuple[int | None, str]] = ((0, ""), (1, "error: boom"), (-9, ""), (None, ""))
"""How a child ends: well, badly, killed, and stopped by clinvk."""

JUNK: Sequence[str] = (
    "",
    "   ",
    "no json at all",
    '{"type": "cut off',
    "null",
    "[]",
    "42",
    '"text"',
    "\x00\x00",
    "\ufffd\u2028",
    "{}",
    '{"type": null}',
    '{"type": ["system"]}',
    '{"type": "an_event_that_no_version_has"}',
    "[" * 100_000,
    '{"a": ' * 100_000,
)

PREFIXES: Sequence[str] = ("\x1b]0;a title\x07", "\ufeff", "Welcome! ", "\0\0", "data: ")
"""Text before an event on its line: what other programs print without a line end."""

REQUESTED: Mapping[Capability, Mapping[str, Any]] = {
    Capability.MODEL: {"model": "a-model"},
    Capability.SYSTEM_PROMPT: {"system_prompt": "Be kind."},
    Capability.MAX_TURNS: {"max_turns": 3},
    Capability.EPHEMERAL: {"ephemeral": True},
    Capability.IMAGES: {"images": (Picture(Path("/a.png"), "image/png", b"\x89PNG"),)},
    Capability.ANSWER_SCHEMA: {"schema": '{"type":"object"}'},
    Capability.ADD_DIR: {"add_dirs": (Path("/elsewhere"),)},
    Capability.EFFORT: {"effort": Effort.HIGH},
    Capability.READ_ONLY: {"access": Access.READ_ONLY},
    Capability.ASK: {"access": Access.ASK},
    Capability.EDIT: {"access": Access.EDIT},
    Capability.FULL: {"access": Access.FULL},
}
"""The request that needs each capability."""


def ask(**asked: Any) -> TurnRequest:  # noqa: ANN401  the fields of a request
    """A request for a turn."""
    fields: dict[str, Any] = {"prompt": PROMPT, "cwd": Path("/project"), **asked}
    return TurnRequest(**fields)


class Subject(Struct, frozen=True, kw_only=True):
    """A backend, and recordings of its agent's CLI: each has the lines of one turn.

    With `asks` the agent was allowed to ask in these turns; the checks give no answer.
    """

    backend: Backend
    recordings: Sequence[Sequence[str]] = ()
    asks: bool = False

    @property
    def parser(self) -> Parser:
        """A new parser for a recording."""
        return self.backend.parser(ask(access=Access.ASK if self.asks else None))


class Verdict(Struct, frozen=True, kw_only=True):
    """The result of one check: `wrong` says what is wrong, "" if nothing is."""

    promise: str
    wrong: str


def verdicts(subject: Subject) -> Iterator[Verdict]:
    """The verdict of every check; if a backend raises, that check fails."""
    for promise, check in CHECKS.items():
        try:
            wrong = check(subject)
        except Exception as error:  # noqa: BLE001  the backend may be anybody's code
            wrong = f"it raises {type(error).__name__}: {error}"
        yield Verdict(promise=promise, wrong=wrong)


def _describes_itself(subject: Subject) -> str:
    backend = subject.backend
    for fact in ("title", "executable", "install_hint"):
        value = getattr(backend, fact, "")
        if not isinstance(value, str) or not value.strip():
            return f"`{fact}` is missing or empty"
    for capability, reason in backend.lacks.items():
        if not reason.strip():
            return f"`lacks` gives no reason for `{capability}`"
    return ""


def _is_pure(subject: Subject) -> str:
    request = ask()
    first, second = subject.backend.invocation(request), subject.backend.invocation(request)
    if first != second:
        return "two invocations of the same request differ"
    if first.argv[0] != subject.backend.executable:
        return f"argv begins with `{first.argv[0]}`, not with the executable"
    if first.cwd != request.cwd:
        return "it runs in another directory than the requested one"
    if any("\0" in word for word in first.argv):
        return "argv contains a NUL character"
    return ""


def _hides_the_prompt(subject: Subject) -> str:
    made = subject.backend.invocation(ask())
    if any(PROMPT in word for word in made.argv):
        return "the prompt is in argv, where all users can read it; pass it on stdin"
    sent = made.dialogue or PROMPT.encode() in made.stdin or PROMPT in made.files.values()
    if not sent:
        return "the prompt is neither on stdin nor in a private file"
    return ""


def _names_conversation_once(subject: Subject) -> str:
    backend = subject.backend
    if backend.invocation(ask()).dialogue:
        return ""  # it is named in the dialogue
    if Capability.RESUME not in backend.lacks:
        argv = backend.invocation(ask(conversation=CONVERSATION, mode=TurnMode.RESUME)).argv
        if [CONVERSATION in word for word in argv].count(True) != 1:
            return "a resume does not name the conversation in exactly one argument"
    argv = backend.invocation(ask(conversation=CONVERSATION)).argv
    if any(CONVERSATION in word for word in argv) == (Capability.OWN_ID in backend.lacks):
        return "it does not handle a chosen id as `lacks` says for `own_id`"
    return ""


def _passes_arguments_unchanged(subject: Subject) -> str:
    argv = subject.backend.invocation(ask(backend_args=("--one", "two words"))).argv
    if ("--one", "two words") not in pairwise(argv):
        return "`--backend-arg` is not passed on unchanged"
    return ""


def _supports_the_rest(subject: Subject) -> str:
    backend = subject.backend
    plain = backend.invocation(ask())
    for capability, asked in REQUESTED.items():
        try:
            backend.refuse_unsupported(ask(**asked))
        except BackendUnsupportedError:
            if capability not in backend.lacks:
                return f"`{capability}` is refused, but is not in `lacks`"
            continue
        if capability in backend.lacks:
            return f"`{capability}` is in `lacks`, but is not refused"
        if backend.invocation(ask(**asked)) == plain and not plain.dialogue:
            return f"a request with `{capability}` changes nothing"
    return ""


def _reads_any_line(subject: Subject) -> str:
    for end in ENDS:
        if wrong := _wrong_end(subject, JUNK, end):
            return f"after lines that are not events, {wrong}"
    return ""


def _ends_once_anywhere(subject: Subject) -> str:
    for lines in ((), *subject.recordings):
        for count in range(len(lines) + 1):
            for end in ENDS:
                if wrong := _wrong_end(subject, lines[:count], end):
                    return f"cut off after {count} of {len(lines)} lines, {wrong}"
    return ""


def _wrong_end(subject: Subject, lines: Sequence[str], end: tuple[int | None, str]) -> str:
    parser = subject.parser
    events = _events(parser, lines)
    fed = [isinstance(event, Result) for event in events].count(True)
    if fed:
        if not isinstance(events[-1], Result):
            return "something follows the result"
        return "there is more than one result" if fed > 1 else ""
    last = list(parser.finish(*end))
    if not last or not isinstance(last[-1], Result):
        return f"there is no result at the end (exit code {end[0]})"
    count = [isinstance(event, Result) for event in last].count(True)
    return "there is more than one result" if count != 1 else ""


def _reports_a_kill_as_failure(subject: Subject) -> str:
    for end in ENDS[1:]:
        result = _play(subject, (), end)[-1]
        if isinstance(result, Result) and result.failure is None:
            return f"a child that printed nothing and ended with {end[0]} is a success"
    return ""


def _prints_text(subject: Subject) -> bool:
    """Whether the agent prints plain text: then every line is part of the answer."""
    events = subject.parser.feed(JUNK[2])
    return any(not isinstance(event, Raw) for event in events)


def _ignores_junk(subject: Subject) -> str:
    if _prints_text(subject):
        return ""
    for lines in subject.recordings:
        expected = _meaning(subject, lines)
        for place in range(len(lines) + 1):
            if _meaning(subject, [*lines[:place], *JUNK, *lines[place:]]) != expected:
                return f"lines that are not events change the meaning before line {place + 1}"
    return ""


def _finds_events_next_to_text(subject: Subject) -> str:
    if _prints_text(subject):
        return ""
    for lines in subject.recordings:
        expected = _meaning(subject, lines)
        for before in PREFIXES:
            if _meaning(subject, [before + line for line in lines]) != expected:
                return f"the event is lost if {before!r} comes before it on its line"
        if _meaning(subject, ["\r".join(lines)]) != expected:
            return "several events on one line are lost"
    return ""


def _meaning(subject: Subject, lines: Sequence[str]) -> list[Event]:
    return [event for event in _play(subject, lines, (0, "")) if not isinstance(event, Raw)]


def _play(subject: Subject, lines: Sequence[str], end: tuple[int | None, str]) -> list[Event]:
    parser = subject.parser
    events = _events(parser, lines)
    if not any(isinstance(event, Result) for event in events):
        events.extend(parser.finish(*end))
    return events


def _events(parser: Parser, lines: Sequence[str]) -> list[Event]:
    outputs = (one for line in lines for one in parser.feed(line))
    return [one for one in outputs if not isinstance(one, Reply)]


CHECKS: dict[str, Callable[[Subject], str]] = {
    "it describes itself and what it lacks": _describes_itself,
    "the same request gives the same command line": _is_pure,
    "the prompt is not in the command line": _hides_the_prompt,
    "a conversation is named once, and only if that is possible": _names_conversation_once,
    "extra arguments are passed on unchanged": _passes_arguments_unchanged,
    "a supported request has an effect, an unsupported one is refused": _supports_the_rest,
    "lines that are not events raise nothing": _reads_any_line,
    "output that stops anywhere gives exactly one result": _ends_once_anywhere,
    "a killed child is not a success": _reports_a_kill_as_failure,
    "lines that are not events change nothing": _ignores_junk,
    "other text on the line of an event does not lose it": _finds_events_next_to_text,
}


def main() -> int:
    """Print one line per check; 1 if a check fails, 2 if there is nothing to check."""
    parser = argparse.ArgumentParser(
        prog="python -m clinvk.agents.contract",
        description="Check a backend against the contract of every backend.",
    )
    parser.add_argument("name", help="a backend of clinvk or of an installed package")
    parser.add_argument(
        "recordings", nargs="*", type=Path, help="files with what the CLI printed in one turn"
    )
    options = parser.parse_args()
    try:
        backend = backends.get(options.name)
        recordings = [
            file.read_text("utf-8", "replace").splitlines() for file in options.recordings
        ]
    except (ClinvkError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    broken = 0
    for verdict in verdicts(Subject(backend=backend, recordings=recordings)):
        broken += bool(verdict.wrong)
        sign = "✗" if verdict.wrong else "✓"
        why = f": {verdict.wrong}" if verdict.wrong else ""
        sys.stdout.write(f"{sign} {verdict.promise}{why}\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())

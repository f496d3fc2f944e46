"""The checks: each a function that says what is wrong, and "" if nothing is."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from clinvk.agents.base import Backend, Capability
from clinvk.agents.contract.material import ASKED, BESIDE, CONVERSATION, ENDS, JUNK, PROMPT, ask
from clinvk.errors import BackendUnsupportedError
from clinvk.model.events import Event, Raw, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A backend, with recordings of its agent's CLI: the lines of one turn each."""

    backend: Backend
    recordings: Sequence[Sequence[str]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one check found: `wrong` says what does not hold, "" if all does."""

    promise: str
    wrong: str


def verdicts(subject: Subject) -> Iterator[Verdict]:
    """Every check's verdict; a backend that raises breaks the promise and not the checks."""
    for promise, check in CHECKS.items():
        try:
            wrong = check(subject)
        except Exception as error:  # noqa: BLE001  it is somebody else's code that is looked at
            wrong = f"it raises {type(error).__name__}: {error}"
        yield Verdict(promise=promise, wrong=wrong)


def _says_what_it_is(subject: Subject) -> str:
    backend = subject.backend
    for fact in ("title", "executable", "install_hint"):
        said = getattr(backend, fact, "")
        if not isinstance(said, str) or not said.strip():
            return f"`{fact}` says nothing"
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
        return "it runs in another directory than it was asked to"
    if any("\0" in word for word in first.argv):
        return "argv holds what no command line can"
    return ""


def _hides_the_prompt(subject: Subject) -> str:
    made = subject.backend.invocation(ask())
    if any(PROMPT in word for word in made.argv):
        return "the prompt stands in argv, where everybody can read it; give it on stdin"
    if PROMPT.encode() not in made.stdin and PROMPT not in made.files.values():
        return "the prompt is neither on stdin nor in a private file"
    return ""


def _names_the_conversation(subject: Subject) -> str:
    backend = subject.backend
    if Capability.RESUME not in backend.lacks:
        argv = backend.invocation(ask(conversation=CONVERSATION, resume=True)).argv
        if [CONVERSATION in word for word in argv].count(True) != 1:
            return "a resume does not name the conversation in exactly one argument"
    argv = backend.invocation(ask(conversation=CONVERSATION)).argv
    if any(CONVERSATION in word for word in argv) == (Capability.OWN_ID in backend.lacks):
        return "what it does with an id that is chosen for it is not what `lacks` says of `own_id`"
    return ""


def _passes_arguments_on(subject: Subject) -> str:
    argv = subject.backend.invocation(ask(backend_args=("--one", "two words"))).argv
    if ("--one", "two words") not in pairwise(argv):
        return "`--backend-arg` is not passed on as it is"
    return ""


def _does_what_it_does_not_lack(subject: Subject) -> str:
    backend = subject.backend
    plain = backend.invocation(ask())
    for capability, asked in ASKED.items():
        try:
            backend.refuse_unsupported(ask(**asked))
        except BackendUnsupportedError:
            if capability not in backend.lacks:
                return f"`{capability}` is refused, and `lacks` does not say so"
            continue
        if capability in backend.lacks:
            return f"`{capability}` is lacking and is not refused"
        if backend.invocation(ask(**asked)) == plain:
            return f"asking for `{capability}` changes nothing"
    return ""


def _reads_anything(subject: Subject) -> str:
    for end in ENDS:
        if wrong := _ends_wrong(subject, JUNK, end):
            return f"after lines that are no events {wrong}"
    return ""


def _ends_once_wherever(subject: Subject) -> str:
    for lines in _streams(subject):
        for count in range(len(lines) + 1):
            for end in ENDS:
                if wrong := _ends_wrong(subject, lines[:count], end):
                    return f"cut off after {count} of {len(lines)} lines, {wrong}"
    return ""


def _ends_wrong(subject: Subject, lines: Sequence[str], end: tuple[int | None, str]) -> str:
    parser = subject.backend.parser(ask())
    events = [event for line in lines for event in parser.feed(line)]
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


def _is_no_success_when_killed(subject: Subject) -> str:
    for end in ENDS[1:]:
        result = _play(subject, (), end)[-1]
        if isinstance(result, Result) and result.failure is None:
            return f"a child that printed nothing and ended with {end[0]} is a success"
    return ""


def _takes_junk_for_nothing(subject: Subject) -> str:
    """Of an agent that prints plain text every line is an answer, so there is no junk."""
    if any(not isinstance(event, Raw) for event in subject.backend.parser(ask()).feed(JUNK[2])):
        return ""
    for lines in subject.recordings:
        expected = _meaning(subject, lines)
        for place in range(len(lines) + 1):
            if _meaning(subject, [*lines[:place], *JUNK, *lines[place:]]) != expected:
                return f"lines that are no events change the meaning before line {place + 1}"
    return ""


def _finds_events_beside_others(subject: Subject) -> str:
    """Of an agent that prints plain text what stands beside an event is a part of the answer."""
    if any(not isinstance(event, Raw) for event in subject.backend.parser(ask()).feed(JUNK[2])):
        return ""
    for lines in subject.recordings:
        expected = _meaning(subject, lines)
        for before in BESIDE:
            if _meaning(subject, [before + line for line in lines]) != expected:
                return f"{before!r} before an event on its line loses the event"
        if _meaning(subject, ["\r".join(lines)]) != expected:
            return "events that stand on one line are lost"
    return ""


def _meaning(subject: Subject, lines: Sequence[str]) -> list[Event]:
    return [event for event in _play(subject, lines, (0, "")) if not isinstance(event, Raw)]


def _play(subject: Subject, lines: Sequence[str], end: tuple[int | None, str]) -> list[Event]:
    parser = subject.backend.parser(ask())
    events = [event for line in lines for event in parser.feed(line)]
    if not any(isinstance(event, Result) for event in events):
        events.extend(parser.finish(*end))
    return events


def _streams(subject: Subject) -> Iterator[Sequence[str]]:
    yield ()
    yield from subject.recordings


CHECKS: dict[str, Callable[[Subject], str]] = {
    "it says what it is and what it cannot do": _says_what_it_is,
    "the same request is the same command line": _is_pure,
    "the prompt is not in the command line": _hides_the_prompt,
    "a conversation is named once, and only where it can be": _names_the_conversation,
    "extra arguments reach the agent as they are": _passes_arguments_on,
    "what can be asked for shows, what cannot is refused": _does_what_it_does_not_lack,
    "lines that are no events raise nothing": _reads_anything,
    "wherever the output stops there is exactly one result": _ends_once_wherever,
    "what was killed is no success": _is_no_success_when_killed,
    "lines that are no events change nothing": _takes_junk_for_nothing,
    "what stands beside an event does not lose it": _finds_events_beside_others,
}

"""A request and its answer: as they happen, and in the record of the turn."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from clinvk.cli.render.permission_answer import answer_words
from clinvk.cli.render.text import PlainText
from clinvk.errors import ExitStatus
from clinvk.model.events import Event, Message, PermissionAnswer, PermissionRequest
from clinvk.model.permission import DecidedBy, Decision, ToolKind
from clinvk.model.report import RunReport, TurnStart
from unit.cli.render.conftest import Screen

START = TurnStart(
    session_id="1", title="t", backend="b", model=None, cwd="/code", turn=1, resumed=False
)
REQUEST = PermissionRequest(
    id="1", tool="Bash", kind=ToolKind.EXECUTE, summary="ls \x1b[2J", reason="to \x1b[2Jlook"
)


def answer(decision: Decision, by: DecidedBy, **more: str) -> PermissionAnswer:
    """The answer to that request."""
    return PermissionAnswer(id="1", decision=decision, by=by, **more)


WORDS = [
    (answer(Decision.ALLOW, DecidedBy.PERSON), "allowed"),
    (answer(Decision.ALLOW_TURN, DecidedBy.PERSON), "allowed for this turn"),
    (answer(Decision.ALLOW, DecidedBy.TURN), "allowed, as before in this turn"),
    (answer(Decision.ALLOW, DecidedBy.RULE, rule="Bash(ls)"), "allowed by the rule `Bash(ls)`"),
    (answer(Decision.DENY, DecidedBy.ACCESS), "denied by the access level"),
    (answer(Decision.DENY, DecidedBy.NOBODY), "denied: nobody can be asked"),
    (answer(Decision.DENY, DecidedBy.PERSON, reason="no rm"), "denied: no rm"),
    (answer(Decision.ALLOW, DecidedBy.PERSON, command="ls -a"), "allowed as `ls -a`"),
    (answer(Decision.STOP, DecidedBy.PERSON), "denied, and the turn stopped"),
    (answer(Decision.DENY, DecidedBy.AGENT), "withdrawn by the agent"),
    (None, "not answered"),
]


@pytest.mark.parametrize(("given", "words"), WORDS, ids=[words for _, words in WORDS])
def test_every_answer_has_its_words(given: PermissionAnswer | None, words: str) -> None:
    """What was decided, and by whom if it was not the person just now."""
    assert answer_words(given) == words


def shown(
    screen: Screen, clock: Callable[[], float], *events: Event, verbose: bool = False
) -> tuple[str, str]:
    """Both outputs of a run with these events, at a terminal for messages."""
    renderer = PlainText(screen.streams(err_tty=True), clock=clock, verbose=verbose)
    renderer.started(START)
    for event in events:
        renderer.event(event)
    renderer.finished(RunReport(exit_status=ExitStatus.OK))
    renderer.close()
    return screen.out.getvalue(), screen.err.getvalue()


def test_an_answer_is_one_line(screen: Screen, clock: Callable[[], float]) -> None:
    """With what was asked for, harmless; the request itself is no line, the asker shows it."""
    given = answer(Decision.DENY, DecidedBy.PERSON, reason="two\nlines \x1b[2J")
    _, err = shown(screen, clock, REQUEST, given)
    assert err == "✗ denied: two lines  Bash  ls\n"


def test_a_path_is_relative_to_the_directory(screen: Screen, clock: Callable[[], float]) -> None:
    """Whether the agent names it so or absolutely."""
    given = answer(Decision.ALLOW, DecidedBy.PERSON)
    _, err = shown(
        screen, clock, replace(REQUEST, tool="write_file", summary="/code/a/b.txt"), given
    )
    assert err == "✓ allowed  Write  a/b.txt\n"


def test_a_request_without_an_answer_is_shown_at_the_end(
    screen: Screen, clock: Callable[[], float]
) -> None:
    """The turn was stopped while it asked."""
    assert shown(screen, clock, REQUEST)[1] == "✗ not answered  Bash  ls\n"


def test_with_verbose_the_agents_reason_is_shown(
    screen: Screen, clock: Callable[[], float]
) -> None:
    """It is in the question too, which is gone afterwards."""
    given = answer(Decision.ALLOW, DecidedBy.RULE, rule="Bash(ls)")
    _, err = shown(screen, clock, REQUEST, given, verbose=True)
    assert err == "session 1 · b\n  to look\n✓ allowed by the rule `Bash(ls)`  Bash  ls\n"


def test_nothing_of_it_is_in_the_answer(screen: Screen, clock: Callable[[], float]) -> None:
    """What is piped is the agent's words alone; a message ends where it asks."""
    given = answer(Decision.ALLOW, DecidedBy.PERSON)
    events = (Message(text="one"), REQUEST, given, Message(text="two"))
    assert shown(screen, clock, *events)[0] == "one\n\ntwo\n"

"""What the demo agent is answered; what it asks is in its recorded streams."""

import json

import pytest

from clinvk.agents.base import Reply
from clinvk.agents.demo.stream import DemoParser
from clinvk.model.events import PermissionAnswer, PermissionRequest, Raw
from clinvk.model.permission import DecidedBy, Decision

ASK = '{"type": "ask", "id": "7", "name": "run", "summary": "ls", "input": {"command": "ls"}}'
DONE = '{"type": "done", "text": ""}'


def answer(request: PermissionRequest, decision: Decision, **more: str) -> PermissionAnswer:
    """The person's answer to the request."""
    return PermissionAnswer(id=request.id, decision=decision, by=DecidedBy.PERSON, **more)


def asked(parser: DemoParser, line: str = ASK) -> PermissionRequest:
    """The request of that line."""
    (request,) = parser.feed(line)
    assert isinstance(request, PermissionRequest)
    return request


def replies(parser: DemoParser, given: PermissionAnswer) -> list[dict[str, object]]:
    """What the agent is sent for that answer."""
    sent = list(parser.answer(given))
    assert all(isinstance(one, Reply) and one.data.endswith(b"\n") for one in sent)
    return [json.loads(one.data) for one in sent if isinstance(one, Reply)]


@pytest.mark.parametrize(
    ("decision", "more", "expected"),
    [
        (Decision.ALLOW, {}, {"allow": True}),
        (Decision.ALLOW_TURN, {}, {"allow": True}),
        (Decision.ALLOW, {"command": "ls -a"}, {"allow": True, "command": "ls -a"}),
        (Decision.DENY, {"reason": "why?"}, {"allow": False, "reason": "why?"}),
    ],
)
def test_each_answer_reaches_the_agent(
    decision: Decision, more: dict[str, str], expected: dict[str, object]
) -> None:
    """With the agent's own id, and once only."""
    parser = DemoParser()
    given = answer(asked(parser), decision, **more)
    assert replies(parser, given) == [{"type": "answer", "id": "7", **expected}]
    assert replies(parser, given) == []


def test_a_stop_is_no_answer() -> None:
    """The agent would continue with a denial before the signal arrives."""
    parser = DemoParser()
    assert replies(parser, answer(asked(parser), Decision.STOP)) == []


def test_a_second_request_with_an_open_id_is_denied_at_once() -> None:
    """It never gets the answer of the first, and its id is free again after that."""
    parser = DemoParser()
    first = asked(parser)
    sent = [json.loads(one.data) for one in parser.feed(ASK) if isinstance(one, Reply)]
    assert sent == [{"type": "answer", "id": "7", "allow": False}]
    parser.answer(answer(first, Decision.ALLOW))
    assert asked(parser).id != first.id


def test_nothing_is_asked_and_answered_after_the_result() -> None:
    """The agent has ended by then."""
    parser = DemoParser()
    request = asked(parser)
    list(parser.feed(DONE))
    assert list(parser.feed(ASK)) == []
    assert replies(parser, answer(request, Decision.ALLOW)) == []


def test_a_request_that_is_cut_off_is_denied() -> None:
    """It is longer than a line may be, so that nobody can judge it."""
    parser = DemoParser()
    line = ASK[:-10]
    raw, reply = parser.feed(line)
    assert raw == Raw(line=line)
    assert isinstance(reply, Reply)
    assert json.loads(reply.data) == {"type": "answer", "id": "7", "allow": False}

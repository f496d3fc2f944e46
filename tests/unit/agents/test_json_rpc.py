"""The JSON-RPC client: what it sends, and what it makes of any line that comes."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinvk.agents.kit.json_rpc import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    AgentRequest,
    JsonRpc,
    Notification,
    Refused,
    Response,
    RpcError,
)
from clinvk.model.request import Reply


def sent(reply: Reply) -> dict[str, Any]:
    """The message in a reply, which is exactly one line."""
    assert reply.data.endswith(b"\n")
    assert reply.data.count(b"\n") == 1
    message: dict[str, Any] = json.loads(reply.data)
    assert message.pop("jsonrpc") == "2.0"
    return message


def asked(rpc: JsonRpc, identity: object, method: str = "write") -> AgentRequest:
    """The agent's request with that id, as it is read."""
    request = rpc.read(json.dumps({"id": identity, "method": method, "params": {"of": identity}}))
    assert isinstance(request, AgentRequest)
    return request


def test_requests_are_numbered_and_each_response_says_what_awaited_it() -> None:
    """Responses may come in any order, each once."""
    rpc = JsonRpc()
    first = sent(rpc.request("open", {"a": 1}, awaits="opened"))
    second = sent(rpc.request("run", [], awaits="ran"))
    assert first == {"id": 1, "method": "open", "params": {"a": 1}}
    assert second == {"id": 2, "method": "run", "params": []}
    assert rpc.read('{"id":2,"result":{"ok":true}}') == Response(awaited="ran", result={"ok": True})
    assert rpc.read('{"jsonrpc":"2.0","id":1,"result":null}') == Response(awaited="opened")
    assert rpc.read('{"id":1,"result":null}') is None


def test_a_notification_needs_no_id_in_either_direction() -> None:
    """It has a method only, and parameters if there are any."""
    rpc = JsonRpc()
    assert sent(rpc.notify("initialized")) == {"method": "initialized"}
    assert sent(rpc.notify("cancel", {"of": 1})) == {"method": "cancel", "params": {"of": 1}}
    assert rpc.read('{"method":"delta","params":{"text":"a"}}') == Notification(
        method="delta", params={"text": "a"}
    )
    assert rpc.read('{"method":"idle"}') == Notification(method="idle", params={})


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"code": -32600, "message": "no"}, RpcError(code=-32600, message="no")),
        ({"code": 1, "message": "a", "data": [1]}, RpcError(code=1, message="a", data=[1])),
        ({"code": True, "message": 5}, RpcError(code=None, message="")),
        ("in words", RpcError(code=None, message="in words")),
        (0, RpcError(code=None, message="")),
    ],
)
def test_an_error_is_a_response_whatever_form_it_has(error: object, expected: RpcError) -> None:
    """A result beside it is not used."""
    rpc = JsonRpc()
    rpc.request("run", {}, awaits="ran")
    read = rpc.read(json.dumps({"id": 1, "error": error, "result": 1}))
    assert read == Response(awaited="ran", error=expected)


def test_requests_of_the_agent_are_answered_in_any_order_with_their_own_ids() -> None:
    """0 is an id like any other, and a string may look like a number."""
    rpc = JsonRpc()
    identities = [0, 1, "0", "", "a\nb", 2**70]
    requests = [asked(rpc, each) for each in identities]
    assert len({each.key for each in requests}) == len(identities)
    for request in reversed(requests):
        (reply,) = rpc.respond(request.key, {"to": request.params["of"]})
        of = request.params["of"]
        assert sent(reply) == {"id": of, "result": {"to": of}}
        assert type(json.loads(reply.data)["id"]) is type(of)
        assert rpc.respond(request.key, {}) == ()
        assert rpc.refuse(request.key, "late") == ()


def test_an_id_that_is_used_again_after_its_answer_has_another_key() -> None:
    """So an answer can never reach a later request."""
    rpc = JsonRpc()
    first = asked(rpc, 0)
    assert rpc.respond(first.key, True)
    second = asked(rpc, 0)
    assert second.key != first.key
    assert rpc.respond(first.key, True) == ()
    assert rpc.respond(second.key, True)


def test_a_request_with_the_id_of_an_open_one_refuses_both() -> None:
    """An answer to the first could be taken as one to the second."""
    rpc = JsonRpc()
    first = asked(rpc, "x")
    clash = rpc.read('{"id":"x","method":"delete","params":{}}')
    assert isinstance(clash, Refused)
    assert clash.key == first.key
    reply = sent(clash.reply)
    assert (reply["id"], reply["error"]["code"]) == ("x", INVALID_REQUEST)
    assert rpc.respond(first.key, True) == ()


@pytest.mark.parametrize("code", [METHOD_NOT_FOUND, INVALID_PARAMS])
def test_a_request_that_cannot_be_answered_gets_an_error(code: int) -> None:
    """Without a response the agent would wait for ever."""
    rpc = JsonRpc()
    (reply,) = rpc.refuse(asked(rpc, 7, "fs/erase").key, "unknown", code)
    assert sent(reply) == {"id": 7, "error": {"code": code, "message": "unknown"}}


def test_a_request_that_the_agent_withdraws_gets_no_response() -> None:
    """Only that one, and only while it is open."""
    rpc = JsonRpc()
    number, word = asked(rpc, 1), asked(rpc, "1")
    assert rpc.withdraw(1) == number.key
    assert rpc.withdraw(1) is None
    assert rpc.withdraw(None) is None
    assert rpc.withdraw(True) is None
    assert rpc.respond(number.key, True) == ()
    assert rpc.respond(word.key, True)


def test_text_that_is_no_unicode_is_still_one_line_of_it() -> None:
    """A lone surrogate from a file's name must not end the turn."""
    rpc = JsonRpc()
    reply = rpc.request("run", {"text": "a\ud800\n\u2028b"}, awaits="ran")
    assert sent(reply)["params"] == {"text": "a?\n\u2028b"}


@pytest.mark.parametrize(
    "line",
    [
        "", "words", "[]", "{}", "null", '{"id":1}', '{"id":true,"result":1}', '{"result":1}',
        '{"id":"1","result":1}', '{"id":1.0,"result":1}', '{"id":null,"method":"m"}',
        '{"id":[],"method":"m"}', '{"id":1.5,"method":"m"}', '{"method":5,"id":9}',
        '[{"id":1,"result":1}]', '{"id":1' + "0" * 5000 + ',"method":"m"}',
    ],
)  # fmt: skip
def test_a_line_that_is_not_a_message_is_none(line: str) -> None:
    """A response needs the exact number of a request, a request an id that can be answered."""
    rpc = JsonRpc()
    if line != '{"id":1}':
        rpc.request("run", {}, awaits="ran")
    assert rpc.read(line) is None


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
_MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from([0, 1, 2, "0", "1", None, True, 1.0]),
        "method": st.sampled_from(["m", ""]) | _VALUES,
        "params": _VALUES,
        "result": _VALUES,
        "error": _VALUES,
    },
)


@given(st.lists(_MESSAGES, max_size=12))
def test_any_messages_are_read_and_no_key_is_given_twice(messages: list[dict[str, Any]]) -> None:
    """Every request that was read can be answered once, or clashed with a later one."""
    rpc = JsonRpc()
    rpc.request("run", {}, awaits="ran")
    keys: list[str] = []
    clashed: set[str] = set()
    for message in messages:
        read = rpc.read(json.dumps(message))
        if isinstance(read, AgentRequest):
            keys.append(read.key)
        elif isinstance(read, Refused):
            clashed.add(read.key)
    assert len(set(keys)) == len(keys)
    for key in keys:
        assert bool(rpc.respond(key, True)) is (key not in clashed)


@pytest.mark.parametrize("identity", [0, -7, "a-1", 'quo"te'])
@pytest.mark.parametrize("method_first", [True, False])
def test_a_request_that_lost_its_end_is_refused_by_its_start(
    identity: int | str,
    method_first: bool,  # noqa: FBT001  a table's column
) -> None:
    """One of more than 10 MB is cut off, and the agent would wait for ever."""
    head = {"method": "ask", "id": identity} if method_first else {"id": identity, "method": "ask"}
    line = json.dumps({**head, "params": {"id": 5, "text": "x" * 9_000}})[:8_000]
    rpc = JsonRpc()
    assert rpc.read(line) is None
    refused = rpc.read_cut(line)
    assert isinstance(refused, Refused)
    sent = json.loads(refused.reply.data)
    assert (sent["id"], sent["error"]["message"]) == (identity, "the message is too long")


def test_a_response_that_lost_its_end_is_an_error() -> None:
    """Once: what it awaited ends."""
    rpc = JsonRpc()
    rpc.request("load", {}, "loaded")
    line = '{"jsonrpc": "2.0", "id": 1, "result": {"text": "xxx'
    response = rpc.read_cut(line)
    assert isinstance(response, Response)
    assert (response.awaited, response.error is None) == ("loaded", False)
    assert rpc.read_cut(line) is None


def test_a_request_that_lost_its_end_never_gets_the_answer_of_another() -> None:
    """Both are refused if they have one id."""
    rpc = JsonRpc()
    first = rpc.read('{"id": 1, "method": "ask", "params": {}}')
    assert isinstance(first, AgentRequest)
    refused = rpc.read_cut('{"id": 1, "method": "ask", "params": {"a')
    assert isinstance(refused, Refused)
    assert refused.key == first.key
    assert rpc.respond(first.key, {}) == ()


@pytest.mark.parametrize(
    "line",
    [
        '{"method": "tell", "params": {"id": 1, "method": "ask", "params": {',
        '{"params": {"id": 1, "method": "ask", "params": {',
        '{"id": 1.5, "method": "ask", "params": {',
        '{"id": 1, "id": 2, "params": {',
        '{"id": 1, "result": {',
        '[{"id": 1, "method": "ask", "params": {',
        "",
    ],
)
def test_nothing_is_guessed_from_a_start_that_says_too_little(line: str) -> None:
    """A notification, an id inside the content, a response to nothing."""
    assert JsonRpc().read_cut(line) is None

"""JSON-RPC 2.0 with a message on each line, as agents speak it on stdin and stdout.

It starts nothing and reads nothing: it makes the lines to send, and reads those that came.
"""

import re
from collections.abc import Mapping

from msgspec import Struct

from clinvk.agents.kit.jsonl import compact_json, mapping, parse_json, parse_object, text
from clinvk.model.events import Json
from clinvk.model.request import Reply

Line = Mapping[str, Json]

INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602

_IDENTITY = r'"id":\s*(?P<id>-?[0-9]{1,18}|"(?:[^"\\]|\\.){1,200}")'
_METHOD = r'"method":\s*"(?P<method>[^"\\]{1,200})"'
_OTHER = r'"(?!id"|method")\w{1,40}":\s*"[^"\\]{0,40}"'
_CUT = re.compile(
    rf'\s*\{{\s*(?:(?:{_IDENTITY}|{_METHOD}|{_OTHER}),\s*){{1,8}}"(?P<content>params|result)":',
    re.ASCII,
)
"""The start of a message; one of more than 10 MB is cut off and cannot be parsed."""

_TOO_LONG = "the message is too long"


class RpcError(Struct, frozen=True, kw_only=True):
    """The error of a response; `code` is None if the agent gives none."""

    code: int | None
    message: str
    data: Json = None


class Response(Struct, frozen=True, kw_only=True):
    """The response to one of our requests; `awaited` is the text given to `JsonRpc.request`."""

    awaited: str
    result: Json = None
    error: RpcError | None = None


class Notification(Struct, frozen=True, kw_only=True):
    """A message from the agent that needs no response."""

    method: str
    params: Line


class AgentRequest(Struct, frozen=True, kw_only=True):
    """A request from the agent, open until it is answered or withdrawn.

    `key` is unique in this conversation, whatever ids the agent uses.
    """

    key: str
    method: str
    params: Line


class Refused(Struct, frozen=True, kw_only=True):
    """A request that cannot be answered: too long, or with an id in use.

    `reply` refuses it. With the id of the open request `key` it refuses both, since an answer would
    be ambiguous; that one is then closed.
    """

    key: str | None = None
    reply: Reply


Incoming = Response | Notification | AgentRequest | Refused


class JsonRpc:
    """Our side of one conversation.

    `envelope` has the fields of each message that an agent wants besides those of the protocol: it
    then also wants to be told its `type`, and ids that are texts.
    """

    def __init__(self, envelope: Line | None = None) -> None:
        self._envelope = envelope
        self._awaited: dict[int | str, str] = {}
        self._requests_sent = self._requests_seen = 0
        self._open: dict[str, int | str] = {}

    def request(self, method: str, params: Json, awaits: str) -> Reply:
        """A new request; its `Response` has the text `awaits` in `awaited`."""
        self._requests_sent += 1
        identity: int | str = self._requests_sent
        if self._envelope is not None:
            identity = str(identity)
        self._awaited[identity] = awaits
        return self._line("request", {"id": identity, "method": method, "params": params})

    def notify(self, method: str, params: Json = None) -> Reply:
        """A message that needs no response."""
        message: Line = (
            {"method": method} if params is None else {"method": method, "params": params}
        )
        return self._line("notification", message)

    def respond(self, key: str, result: Json) -> tuple[Reply, ...]:
        """The response to the agent's request; none if it is not open."""
        identity = self._open.pop(key, None)
        if identity is None:
            return ()
        return (self._line("response", {"id": identity, "result": result}),)

    def refuse(self, key: str, message: str, code: int = METHOD_NOT_FOUND) -> tuple[Reply, ...]:
        """The error in response to the agent's request; none if it is not open."""
        identity = self._open.pop(key, None)
        return () if identity is None else (self._error(identity, message, code),)

    def withdraw(self, agent_id: Json) -> str | None:
        """Close the open request that the agent withdrew; returns its key.

        `agent_id` is the agent's own id. None if no request with it is open.
        """
        key = self._key_of(agent_id)
        if key is not None:
            del self._open[key]
        return key

    def read(self, line: str) -> Incoming | None:
        """The message in the line; None for anything else, and for a response to no open request.

        Some agents leave out `jsonrpc`.
        """
        message = parse_object(line)
        if message is None:
            return None
        method = text(message.get("method"))
        if not method:
            return self._read_response(message)
        params = mapping(message.get("params"))
        if "id" not in message:
            return Notification(method=method, params=params)
        identity = message["id"]
        if isinstance(identity, bool) or not isinstance(identity, int | str):
            return None
        clashing = self._key_of(identity)
        if clashing is not None:
            (reply,) = self.refuse(clashing, "this id is in use", INVALID_REQUEST)
            return Refused(key=clashing, reply=reply)
        self._requests_seen += 1
        key = str(self._requests_seen)
        self._open[key] = identity
        return AgentRequest(key=key, method=method, params=params)

    def read_cut(self, line: str) -> Incoming | None:
        """What the start of a message says that has lost its end; no object in it may be whole.

        A request is refused, and a response is an error. None if the start does not say enough.
        """
        found = _CUT.match(line)
        if found is None or found["id"] is None:
            return None
        identity: Json = parse_json(found["id"])
        if found["content"] == "result":
            return self._read_response({"id": identity, "error": {"message": _TOO_LONG}})
        if found["method"] is None:
            return None
        clashing = self._key_of(identity)
        if clashing is not None:
            (reply,) = self.refuse(clashing, "this id is in use", INVALID_REQUEST)
            return Refused(key=clashing, reply=reply)
        return Refused(reply=self._error(identity, _TOO_LONG, INVALID_REQUEST))

    def _read_response(self, message: Line) -> Response | None:
        identity = message.get("id")
        expected = int if self._envelope is None else str
        if isinstance(identity, bool) or not isinstance(identity, expected):
            return None
        awaited = self._awaited.pop(identity, None)
        if awaited is None:
            return None
        if message.get("error") is None:
            return Response(awaited=awaited, result=message.get("result"))
        said = mapping(message["error"])
        code = said.get("code")
        error = RpcError(
            code=code if isinstance(code, int) and not isinstance(code, bool) else None,
            message=text(said.get("message")) or text(message["error"]),
            data=said.get("data"),
        )
        return Response(awaited=awaited, error=error)

    def _key_of(self, identity: Json) -> str | None:
        """The open request with that id; 1, "1", 1.0 and true are different ids."""
        return next(
            (
                key
                for key, each in self._open.items()
                if each == identity and type(each) is type(identity)
            ),
            None,
        )

    def _error(self, identity: Json, message: str, code: int) -> Reply:
        error: Line = {"code": code, "message": message}
        return self._line("response", {"id": identity, "error": error})

    def _line(self, kind: str, message: Line) -> Reply:
        own = {} if self._envelope is None else {"type": kind, **self._envelope}
        line = compact_json({"jsonrpc": "2.0", **own, **message}) + "\n"
        return Reply(line.encode("utf-8", errors="replace"))

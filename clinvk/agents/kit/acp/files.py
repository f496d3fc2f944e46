"""Lets an agent use files through us, so that it writes nothing that was not allowed.

For an agent that does not ask for every change that it makes itself: then each file that it writes
is a request of the protocol, and is asked for unless the call was allowed already.
"""

from collections.abc import Iterable, Iterator

from clinvk.agents.base import Reply
from clinvk.agents.kit.acp.client import AcpParser, Dialect
from clinvk.agents.kit.acp.permission import option, permission_request, selected
from clinvk.agents.kit.acp.tools import ToolCall
from clinvk.agents.kit.json_rpc import AgentRequest, Line
from clinvk.agents.kit.jsonl import mapping, text
from clinvk.model.events import Event, PermissionAnswer
from clinvk.model.permission import Decision, ToolKind
from clinvk.model.request import FileReply, TurnRequest

_NOT_FOUND, _FAILED = -32_002, -32_603
_READ, _WRITE = "fs/read_text_file", "fs/write_text_file"

_Parsed = Iterator[Event | Reply]


class AcpFilesParser(AcpParser):
    """Follows a turn of an agent that was offered to read and write files through us."""

    def __init__(self, request: TurnRequest, dialect: Dialect) -> None:
        super().__init__(request, dialect)
        self._allowed: list[ToolCall] = []
        self._writes: dict[str, tuple[str, str, ToolCall]] = {}

    def answer(self, answer: PermissionAnswer) -> Iterable[Event | Reply]:
        """As the client; an allowed call may write its files without another question."""
        if answer.id in self._writes:
            path, content, _ = self._writes.pop(answer.id)
            yield from self._answer_write(answer, path, content)
            return
        _, call = self._asked.get(answer.id, (None, None))
        if call is not None and answer.decision.allows and call.means is ToolKind.EDIT:
            self._allowed.append(call)
        yield from super().answer(answer)

    def _requested(self, request: AgentRequest) -> _Parsed:
        path, content = text(request.params.get("path")), request.params.get("content")
        if request.method == _READ and path.startswith("/"):
            yield self._file(request.key, path, None)
        elif request.method == _WRITE and path.startswith("/") and isinstance(content, str):
            yield from self._to_write(request.key, path, content)
        elif request.method == "session/request_permission" and self._asks_later(request):
            allowed = option(request.params, "allow_once")
            yield from self._rpc.respond(request.key, selected(allowed))
        else:
            yield from super()._requested(request)

    def _asks_later(self, request: AgentRequest) -> bool:
        """Whether the request is for a change of unnamed files: then each of them is asked for."""
        call = self._tools.call(mapping(request.params.get("toolCall")))
        return bool(self.prompts) and call.means is ToolKind.EDIT and not call.paths

    def _to_write(self, key: str, path: str, content: str) -> _Parsed:
        allowed = (one for one in self._allowed if path in one.paths and not one.ended)
        if (call := next(allowed, None)) is not None:
            self._allowed.remove(call)
            yield self._file(key, path, content)
            return
        # A sub-agent's calls are not reported.
        call = self._tools.writing(path) or ToolCall(id="", kind="edit", given={"path": path})
        call.diffs = call.diffs or ({"type": "diff", "path": path, "newText": content},)
        self.updates.end_message()
        self._writes[key] = (path, content, call)
        yield permission_request(key, self.tool_name(call), call)

    def _answer_write(self, answer: PermissionAnswer, path: str, content: str) -> _Parsed:
        if answer.decision.allows:
            yield self._file(answer.id, path, content)
            return
        why = f": {answer.reason}" if answer.reason else ""
        # The agent's tool fails with these words, so the model reads them.
        yield from self._rpc.refuse(answer.id, f"The user did not allow this{why}", _FAILED)
        if answer.decision is Decision.STOP:
            self._stopped = True
            yield self._rpc.notify("session/cancel", {"sessionId": self._session})

    def _withdrawn(self, key: str | None) -> Iterator[Event]:
        if key is not None and key in self._writes:
            self._asked[key] = ({}, self._writes.pop(key)[2])
        yield from super()._withdrawn(key)

    def _prompted(self, result: Line) -> _Parsed:
        for key in list(self._writes):
            yield from self._withdrawn(key)
        yield from super()._prompted(result)

    def _file(self, key: str, path: str, content: str | None) -> FileReply:
        """The reply with the file's content, or after it was written."""

        def done(read: str) -> bytes:
            result: Line = {"content": read} if content is None else {}
            return b"".join(one.data for one in self._rpc.respond(key, result))

        def failed(why: str, missing: bool) -> bytes:  # noqa: FBT001  a fact about the file
            code = _NOT_FOUND if missing else _FAILED
            return b"".join(one.data for one in self._rpc.refuse(key, why, code))

        return FileReply(b"", path=path, text=content, done=done, failed=failed)

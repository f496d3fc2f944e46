"""Files that an agent reads and writes through clinvk: asked for once, and never unasked."""

import json
from collections.abc import Iterable
from typing import Any

import pytest

from clinvk.agents.kit.acp.files import AcpFilesParser
from clinvk.model.events import Event, PermissionAnswer, PermissionRequest
from clinvk.model.permission import DecidedBy, Decision, FileEdit, ToolKind
from clinvk.model.request import FileReply, Reply
from unit.agents.test_acp import SESSION, Agent

PATH = "/project/a.txt"


class FilesAgent(Agent):
    """An agent whose file requests are kept in `files`; each is done with what is in `disk`."""

    def __init__(self) -> None:
        super().__init__(parser=AcpFilesParser)
        self.files: list[tuple[str, str | None]] = []
        self.disk: dict[str, str] = {}
        self.begin()

    def take(self, parsed: Iterable[Event | Reply]) -> list[Event]:
        """As a service: the file first, then the reply."""
        return super().take([self._done(one) for one in parsed])

    def _done(self, one: Event | Reply) -> Event | Reply:
        if not isinstance(one, FileReply):
            return one
        self.files.append((one.path, one.text))
        if one.text is not None:
            self.disk[one.path] = one.text
        known = self.disk.get(one.path)
        return Reply(one.failed("none", True) if known is None else one.done(known))

    def read(self, path: Any = PATH) -> Any:
        """The reply to a request for a file."""
        self.say(id=7, method="fs/read_text_file", params={"sessionId": SESSION, "path": path})
        return self.sent[-1]

    def write(self, path: Any = PATH, content: Any = "new", identity: int = 8) -> list[Event]:
        """The events of a request to write a file."""
        params = {"sessionId": SESSION, "path": path, "content": content}
        return self.say(id=identity, method="fs/write_text_file", params=params)


def test_a_file_is_read_without_a_question() -> None:
    """Its content, or that it does not exist."""
    agent = FilesAgent()
    assert agent.read()["error"]["code"] == -32002
    agent.disk[PATH] = "old"
    assert agent.read() == {"jsonrpc": "2.0", "id": 7, "result": {"content": "old"}}


def test_a_write_that_was_not_asked_for_is_asked_for() -> None:
    """With the change; it is done once it is allowed."""
    agent = FilesAgent()
    agent.update("tool_call", toolCallId="1", title="Write", kind="edit", status="in_progress",
                 rawInput={"path": PATH})  # fmt: skip
    (request,) = agent.write()
    assert isinstance(request, PermissionRequest)
    assert (request.kind, request.tool_use_id) == (ToolKind.EDIT, "1")
    assert request.edits == (FileEdit(path=PATH, old=None, new="new"),)
    assert agent.files == []
    agent.answer(request.id, Decision.ALLOW)
    assert agent.files == [(PATH, "new")]
    assert agent.sent[-1] == {"jsonrpc": "2.0", "id": 8, "result": {}}


def test_a_denied_write_fails_with_the_reason() -> None:
    """The agent's tool fails with it, so the model reads it; nothing is said to it again."""
    agent = FilesAgent()
    (request,) = agent.write()
    assert isinstance(request, PermissionRequest)
    assert request.tool_use_id is None  # a sub-agent's
    agent.answer(request.id, Decision.DENY, reason="call it b.txt")
    assert agent.sent[-1]["error"]["message"].endswith("did not allow this: call it b.txt")
    assert agent.files == []
    prompts = [one for one in agent.sent if one.get("method") == "session/prompt"]
    agent.end()
    assert [one for one in agent.sent if one.get("method") == "session/prompt"] == prompts


def test_a_call_that_was_allowed_writes_its_file_once() -> None:
    """Another file, or the same one again, is another question."""
    agent = FilesAgent()
    call = {"toolCallId": "1", "title": "Write", "kind": "edit", "rawInput": {"path": PATH}}
    agent.update("tool_call", **call, status="pending")
    requests = [one for one in agent.ask(3, **call) if isinstance(one, PermissionRequest)]
    agent.answer(requests[0].id, Decision.ALLOW)
    assert agent.write("/project/b.txt", identity=10) != []
    assert agent.write() == []
    assert agent.files == [(PATH, "new")]
    assert agent.write(identity=9) != []


def test_a_change_of_unnamed_files_is_asked_for_at_each_file() -> None:
    """A sub-agent's request does not say what it would change."""
    agent = FilesAgent()
    assert agent.ask(3, toolCallId="9:x", title="Write", kind="edit") == []
    assert agent.sent[-1]["result"]["outcome"]["optionId"] == "yes"
    assert isinstance(agent.write()[0], PermissionRequest)


def test_stop_cancels_the_turn() -> None:
    """As for any other request."""
    agent = FilesAgent()
    (request,) = agent.write()
    assert isinstance(request, PermissionRequest)
    agent.answer(request.id, Decision.STOP)
    assert agent.sent[-1]["method"] == "session/cancel"


def test_an_open_write_is_withdrawn_at_the_end() -> None:
    """The question disappears, and a late answer changes nothing."""
    agent = FilesAgent()
    (request,) = agent.write()
    assert isinstance(request, PermissionRequest)
    answers = [one for one in agent.end() if isinstance(one, PermissionAnswer)]
    assert [(one.id, one.by) for one in answers] == [(request.id, DecidedBy.AGENT)]
    agent.answer(request.id, Decision.ALLOW)
    assert agent.files == []


@pytest.mark.parametrize("path", ["a.txt", "", None, 7])
def test_only_an_absolute_path_is_used(path: Any) -> None:
    """Relative ones would be relative to clinvk's directory."""
    agent = FilesAgent()
    assert "error" in agent.read(path)
    assert agent.write(path) == []
    assert "error" in agent.sent[-1]
    assert agent.write(PATH, content=None) == []
    assert json.dumps(agent.sent[-1]).count("error") == 1

"""What droid's model says and does in a turn: pieces, messages, calls and their results."""

from collections.abc import Iterator

from clinvk.agents.droid.asking import patched_files
from clinvk.agents.kit.answer import Answer
from clinvk.agents.kit.json_rpc import Line
from clinvk.agents.kit.jsonl import count, items, mapping, text
from clinvk.agents.kit.tools import ToolCalls, not_allowed
from clinvk.model.events import Change, Event, FileChange, ToolResult, ToolUse

_NOT_PERMITTED = "is not permitted in this exec session"
_NO_BLOCK = ("", 0, "")


class Messages:
    """Follows one turn."""

    def __init__(self) -> None:
        self._answer, self._block = Answer(), _NO_BLOCK
        self._tools = ToolCalls()
        self._calls: dict[str, ToolUse] = {}
        self._files: set[str] = set()
        self.answered = False
        """Whether the last message is an answer, without a call of a tool."""

    @property
    def text(self) -> str:
        """The latest answer."""
        return self._answer.last_text

    @property
    def cut(self) -> bool:
        """Whether that was too long to be kept completely."""
        return self._answer.cut

    def interrupt(self) -> None:
        """Note that another event came between."""
        self._answer.interrupt()

    def restart(self) -> None:
        """Note that the service is asked again: the pieces so far are not confirmed."""
        self._answer.restart_message()
        self._block = _NO_BLOCK

    def piece(self, told: Line, kind: str) -> list[Event]:
        """A piece of an answer or a thought."""
        block = (text(told.get("messageId")), count(told.get("blockIndex")) or 0, kind)
        if block[0] != self._block[0]:
            self._answer.restart_message()
        if block != self._block:
            self._answer.begin_block(kind)
            self._block = block
        return [*self._answer.add_piece({"type": f"{kind}_delta", kind: told.get("textDelta")})]

    def complete(self, told: Line) -> list[Event]:
        """A complete message: it confirms the pieces, and has the calls of tools."""
        message = mapping(told.get("message"))
        if message.get("role") != "assistant":
            return []
        events: list[Event] = []
        self.answered = True
        self._answer.begin_message(text(message.get("id")))
        for block in map(mapping, items(message.get("content"))):
            if block.get("type") == "tool_use":
                self.answered = False
                self._answer.end_text()
                uses = self._tools.use(block)
                self._calls |= {one.id: one for one in uses if isinstance(one, ToolUse)}
                events += uses
            else:
                events += self._answer.complete_block(block)
        self._answer.end_message()
        self._block = _NO_BLOCK
        return events

    def tool_result(self, told: Line) -> list[Event]:
        """The end of a call, with the files that it changed."""
        failed = told.get("isError") is True
        block = {
            "tool_use_id": told.get("toolUseId"),
            "is_error": failed,
            "content": told.get("content"),
        }
        reported = self._tools.result(block, None)
        events: list[Event] = [one for one in reported if not isinstance(one, FileChange)]
        call = self._calls.pop(text(told.get("toolUseId")), None)
        if call is None:
            return events
        output = next((one.text for one in events if isinstance(one, ToolResult)), "")
        if failed and _NOT_PERMITTED in output:
            events.append(not_allowed(call.name, call.summary))
        return events if failed else [*events, *self._changes(call)]

    def _changes(self, call: ToolUse) -> Iterator[FileChange]:
        """The files that a call changed; a file is new if the run did not write it before."""
        named = text(call.input.get("file_path"))
        paths = {"Create": (named,), "Edit": (named,), "ApplyPatch": patched_files(call.input)}
        for path in filter(None, paths.get(call.name, ())):
            new = call.name == "Create" and path not in self._files
            self._files.add(path)
            yield FileChange(path=path, change=Change.CREATED if new else Change.MODIFIED)

"""Follows the tool calls of a turn: an agent reports each in pieces, and says no name of a tool."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct, field

from clinvk.agents.kit.json_rpc import Line
from clinvk.agents.kit.jsonl import clip, count, items, mapping, one_line, parse_object, text
from clinvk.agents.kit.tools import summary_of
from clinvk.model.events import Change, Event, FileChange, Json, ToolResult, ToolUse
from clinvk.model.permission import ToolKind

_KINDS: Mapping[str, ToolKind] = {
    "edit": ToolKind.EDIT,
    "delete": ToolKind.EDIT,
    "move": ToolKind.EDIT,
    "execute": ToolKind.EXECUTE,
    "read": ToolKind.READ,
    "search": ToolKind.READ,
    "fetch": ToolKind.FETCH,
}
_PATHS = ("file_path", "filePath", "path", "url")
_NOT_BEGUN = "pending"
_OUTCOMES = {"completed": True, "failed": False}

NameOf = Callable[["ToolCall"], str]
"""The name of a call's tool, as in the agent's headless stream."""


class ToolCall(Struct):
    """One call, as far as it was reported; the last report of each field counts."""

    id: str
    first_title: str = ""
    title: str = ""
    kind: str = ""
    given: Mapping[str, Json] = field(default_factory=dict)
    meta: Mapping[str, Json] = field(default_factory=dict)
    locations: tuple[str, ...] = ()
    diffs: tuple[Line, ...] = ()
    said: str = ""
    status: str = _NOT_BEGUN
    told: bool = False
    ended: bool = False

    def add(self, report: Line) -> None:
        """Add what a `tool_call`, a `tool_call_update` or a request says."""
        self.title = text(report.get("title")) or self.title
        self.first_title = self.first_title or self.title
        self.kind = text(report.get("kind")) or self.kind
        self.given = mapping(report.get("rawInput")) or self.given or _given_in_words(report)
        self.meta = {**self.meta, **mapping(report.get("_meta"))}
        self.status = text(report.get("status")) or self.status
        places = (text(mapping(one).get("path")) for one in items(report.get("locations")))
        self.locations = tuple(filter(None, places)) or self.locations
        parts = (mapping(one) for one in items(report.get("content")))
        self.diffs = tuple(one for one in parts if one.get("type") == "diff") or self.diffs
        self.said = _said(report) or self.said

    @property
    def begun(self) -> bool:
        """Whether the agent says that it works on it."""
        return self.status != _NOT_BEGUN

    @property
    def means(self) -> ToolKind:
        """What its tool does."""
        return _KINDS.get(self.kind, ToolKind.OTHER)

    @property
    def command(self) -> str | None:
        """The whole command that it runs, None if it runs none."""
        if self.means is not ToolKind.EXECUTE:
            return None
        given = self.given.get("command")
        words = " ".join(map(text, items(given)))
        return text(given) or words or self.title

    @property
    def paths(self) -> tuple[str, ...]:
        """The files and addresses that it names."""
        if self.means is ToolKind.EXECUTE:
            return ()  # some agents name the working directory
        changed = (text(one.get("path")) for one in self.diffs)
        named = (text(self.given.get(name)) for name in _PATHS)
        return tuple(dict.fromkeys(filter(None, (*changed, *self.locations, *named))))

    @property
    def input(self) -> Mapping[str, Json]:
        """Its arguments; some agents tell only what is made of them."""
        if self.given:
            return self.given
        if self.command is not None:
            return {"command": self.command}
        return {"file_path": self.paths[0]} if self.paths else {}

    @property
    def summary(self) -> str:
        """One line: the command, the file, else its title."""
        return summary_of(self.input) or one_line(self.title)


class ToolReports:
    """The events of all calls; a call is told once it is begun or asked for."""

    def __init__(self, name_of: NameOf) -> None:
        self._name_of = name_of
        self._calls: dict[str, ToolCall] = {}

    def name(self, call: ToolCall) -> str:
        """The name of its tool."""
        return self._name_of(call)

    def update(self, report: Line) -> Iterable[Event]:
        """The events of a `tool_call` or `tool_call_update`."""
        call = self.call(report)
        if call.ended:
            return
        if call.begun:
            yield from self.tell(call)
        if call.status in _OUTCOMES:
            # Some agents call a command completed that failed.
            succeeded = _OUTCOMES[call.status] and not _exit_code(report)
            changes = list(_changes(call, report)) if succeeded else []
            yield from self.end(call, succeeded, _said(report))
            yield from changes

    def call(self, report: Line) -> ToolCall:
        """The call that the report is about, with what it says."""
        identity = text(report.get("toolCallId"))
        call = self._calls.setdefault(identity, ToolCall(id=identity))
        call.add(report)
        return call

    def writing(self, path: str) -> ToolCall | None:
        """The call that now changes this file, None if none is known to."""
        calls = (one for one in self._calls.values() if one.begun and not one.ended)
        return next(
            (one for one in calls if one.means is ToolKind.EDIT and path in one.paths), None
        )

    def tell(self, call: ToolCall) -> Iterable[Event]:
        """Its `ToolUse`, unless it was told before."""
        if not call.told:
            call.told = True
            name = self._name_of(call)
            yield ToolUse(id=call.id, name=name, summary=call.summary, input=call.input)

    @staticmethod
    def end(call: ToolCall, ok: bool, said: str) -> Iterable[Event]:  # noqa: FBT001  its outcome
        """Its `ToolResult`; what is reported of it later is ignored."""
        if not call.ended:
            call.ended = True
            # What it wrote may be large, and a turn may have thousands of calls.
            call.given, call.diffs, call.said = {}, (), ""
            yield ToolResult(id=call.id, ok=ok, text=clip(said))


def _said(report: Line) -> str:
    """The text of a report: an explanation before the call, its output after it."""
    parts = (mapping(mapping(one).get("content")) for one in items(report.get("content")))
    return "\n".join(filter(None, (text(one.get("text")) for one in parts)))


def _given_in_words(report: Line) -> Line:
    """The arguments of a call that has not begun, if its text is a JSON object."""
    return (parse_object(_said(report)) or {}) if report.get("status") == _NOT_BEGUN else {}


def _exit_code(report: Line) -> int | None:
    output = mapping(report.get("rawOutput"))
    return count(_metadata(report).get("exit")) or count(output.get("exit_code"))


def _metadata(report: Line) -> Line:
    return mapping(mapping(report.get("rawOutput")).get("metadata"))


def _changes(call: ToolCall, report: Line) -> Iterator[FileChange]:
    """The files that a call changed, by the differences or else the places that it reports."""
    if call.means is not ToolKind.EDIT:
        return
    old = {text(one.get("path")): text(one.get("oldText")) for one in call.diffs}
    for path in filter(None, old or call.locations):
        created = _metadata(report).get("exists") is False or (path in old and not old[path])
        yield FileChange(path=path, change=Change.CREATED if created else Change.MODIFIED)

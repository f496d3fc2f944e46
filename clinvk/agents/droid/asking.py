"""What droid asks to be allowed, and the answers: one request may be about several calls."""

from collections.abc import Iterable, Iterator, Mapping
from os.path import normpath
from pathlib import Path

from msgspec import Struct, field

from clinvk.agents.kit.json_rpc import AgentRequest, JsonRpc, Line
from clinvk.agents.kit.jsonl import clip, compact_json, items, mapping, text
from clinvk.agents.kit.tools import summary_of
from clinvk.model.events import Json, PermissionAnswer, PermissionRequest
from clinvk.model.permission import FileEdit, ToolKind
from clinvk.model.request import Reply

ASKS_TO_ACT = "droid.request_permission"

_KINDS: Mapping[str, ToolKind] = {
    "edit": ToolKind.EDIT,
    "create": ToolKind.EDIT,
    "apply_patch": ToolKind.EDIT,
    "exec": ToolKind.EXECUTE,
}
_FETCHING = frozenset({"FetchUrl", "WebSearch"})
_LONGEST_REASON = 4_000


class _Open(Struct):
    """A request of the agent: the calls without an answer, and whether one was denied."""

    calls: set[str] = field(default_factory=set)
    denied: bool = False


class Asking:
    """The open requests of a turn."""

    def __init__(self, rpc: JsonRpc) -> None:
        self._rpc = rpc
        self._open: dict[str, _Open] = {}
        self._keys: dict[str, str] = {}
        self._calls: dict[str, PermissionRequest] = {}

    def ask(self, request: AgentRequest) -> list[PermissionRequest]:
        """The requests for its calls, none if it names none."""
        asked = [
            _request(f"{request.key}.{number}", mapping(call))
            for number, call in enumerate(items(request.params.get("toolUses")), start=1)
        ]
        self._open[request.key] = _Open({one.id for one in asked})
        for one in asked:
            self._keys[one.id], self._calls[one.id] = request.key, one
        return asked

    def answer(self, answer: PermissionAnswer) -> Iterable[Reply]:
        """The reply once all calls of the request are decided; it allows all of them or none."""
        key = self._keys.pop(answer.id, None)
        if key is None:
            return ()
        asked = self._open[key]
        asked.calls.discard(answer.id)
        asked.denied = asked.denied or not answer.decision.allows
        if asked.calls:
            return ()
        del self._open[key]
        return self.reply(key, allow=not asked.denied)

    def call(self, identity: str) -> PermissionRequest | None:
        """The request with that id, open or answered."""
        return self._calls.get(identity)

    def reply(self, key: str, *, allow: bool) -> Iterable[Reply]:
        """The answer to the agent's request; never one that holds for later calls."""
        return self._rpc.respond(key, {"selectedOption": "proceed_once" if allow else "cancel"})

    def withdraw(self, key: str | None = None) -> Iterator[str]:
        """Close the agent's request, None for all; gives the ids of its calls without an answer."""
        for one in [key] if key in self._open else [*self._open] if key is None else []:
            for call in sorted(self._open.pop(one).calls):
                del self._keys[call]
                yield call


def is_inside(asked: PermissionRequest, directory: Path) -> bool:
    """Whether all its files are below the directory, as they are written; Droid edits any file."""
    below = f"{str(directory).rstrip('/')}/"
    return bool(asked.paths) and all(
        normpath(directory / path).startswith(below) for path in asked.paths
    )


def _request(identity: str, told: Line) -> PermissionRequest:
    """The request for one call."""
    call, details = mapping(told.get("toolUse")), mapping(told.get("details"))
    given, tool = mapping(call.get("input")), text(call.get("name"))
    kind = _KINDS.get(text(told.get("confirmationType")), ToolKind.OTHER)
    if tool in _FETCHING:
        kind = ToolKind.FETCH
    command = text(details.get("fullCommand")) or text(given.get("command"))
    paths = {text(details.get("filePath")): None, text(given.get("file_path")): None}
    return PermissionRequest(
        id=identity,
        tool=tool,
        kind=kind,
        summary=summary_of(given),
        tool_use_id=text(call.get("id")) or None,
        command=command if kind is ToolKind.EXECUTE else None,
        paths=_paths(kind, given, tuple(filter(None, paths))),
        edits=tuple(_edits(kind, details)),
        diff=text(given.get("patch")),
        reason=_reason(kind, given),
    )


def _paths(kind: ToolKind, given: Line, named: tuple[str, ...]) -> tuple[str, ...]:
    if kind is ToolKind.EXECUTE:
        return ()
    if kind is ToolKind.FETCH:
        return tuple(filter(None, (text(given.get("url")),)))
    return named or patched_files(given)


def patched_files(given: Line) -> tuple[str, ...]:
    """The files that a patch names."""
    names = [text(given.get(name)) for name in ("input", "patch")]
    lines = "\n".join(names).splitlines()
    return tuple(
        line.partition(" File: ")[2].strip()
        for line in lines
        if line.startswith(("*** Add File: ", "*** Update File: ", "*** Delete File: "))
    )


def _edits(kind: ToolKind, details: Line) -> Iterator[FileEdit]:
    path = text(details.get("filePath"))
    if kind is not ToolKind.EDIT or not path:
        return
    new: Json = details.get("newContent", details.get("content"))
    if isinstance(new, str):
        yield FileEdit(path=path, old=text(details.get("oldContent")) or None, new=new)


def _reason(kind: ToolKind, given: Line) -> str:
    """The model's own words for a command; for other tools their arguments."""
    if kind is ToolKind.EXECUTE:
        return clip(text(given.get("summary")), _LONGEST_REASON)
    return clip(compact_json(given), _LONGEST_REASON) if kind is ToolKind.OTHER and given else ""

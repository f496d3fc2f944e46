"""What is sent to droid before the prompt: the conversation, and what the turn may do in it.

Its command line does not set these things on this channel: `-m`, `--auto` and the options for tools
are checked and then ignored (0.215.0).
"""

from collections.abc import Mapping, Sequence

from clinvk.agents.kit.ids import conversation_id
from clinvk.agents.kit.json_rpc import JsonRpc
from clinvk.agents.kit.jsonl import compact_json, one_line, parse_json
from clinvk.model.access import Access
from clinvk.model.events import Json
from clinvk.model.request import Reply, TurnRequest

ENVELOPE: Mapping[str, Json] = {"factoryApiVersion": "1.0.0"}

_READING = ("Read", "LS", "Grep", "Glob", "WebSearch", "FetchUrl", "TodoWrite", "ToolSearch")
_EDITING = ("Edit", "Create", "ApplyPatch")
_SHELL = ("Execute",)
_DELEGATING = ("Task", "Script")

# Its own levels are not enough: at each of them it runs commands without a question. So the tools
# that could do more than the access allows do not exist in the turn, also not sub-agents, which
# have tools of their own. What is left is asked about.
_TOOLS: Mapping[Access | None, Mapping[str, Sequence[str]]] = {
    None: {"disabledToolIds": (*_EDITING, *_DELEGATING)},
    Access.READ_ONLY: {"restrictToolIds": _READING},
    # If any tool is forbidden, those that it asks about are too, unless they are named.
    Access.ASK: {"disabledToolIds": _DELEGATING, "enabledToolIds": (*_EDITING, *_SHELL)},
    Access.EDIT: {"disabledToolIds": (*_SHELL, *_DELEGATING), "enabledToolIds": _EDITING},
}
_TOOL_LISTS = ("restrictToolIds", "disabledToolIds", "enabledToolIds")

_UNASKED_COMMANDS = (
    *("ls", "pwd", "dir", "env"),
    *("git status", "git diff", "git log", "git show", "git blame", "git ls-files"),
)
"""It runs these without a question, also `ls > FILE` and `git log --output=FILE` (0.215.0)."""


def runtime_settings(request: TurnRequest) -> str | None:
    """The settings for this process alone, which it prefers to a person's and a repository's."""
    settings: dict[str, Json] = {}
    if request.access is Access.READ_ONLY:
        settings["hooks"] = {"hooksDisabled": True}
        # No server is on this list of allowed ones, so none is started.
        settings["mcpPolicy"] = {"enabled": True, "allowlist": []}
    if request.access is Access.ASK:
        settings["commandDenylist"] = [*_UNASKED_COMMANDS]
    return compact_json(settings) if settings else None


def open_conversation(rpc: JsonRpc, request: TurnRequest) -> Reply:
    """The request for a new conversation or an earlier one.

    Raises `SessionNotFoundError` if the conversation's id is none of this agent's.
    """
    if request.resume:
        found: dict[str, Json] = {"sessionId": conversation_id(request)}
        return rpc.request("droid.load_session", {**found, **_tools(request)}, "session")
    about: dict[str, Json] = {"machineId": "clinvk", "cwd": str(request.cwd)}
    settings = {**about, **_settings(request), **_tools(request)}
    return rpc.request("droid.initialize_session", settings, "session")


def set_up(rpc: JsonRpc, request: TurnRequest) -> Reply:
    """The request between the conversation and the prompt.

    An earlier conversation keeps the settings of its last turn, so this turn's are set. A new one
    is named, because it would otherwise ask a model for a title, at the person's cost.
    """
    if request.resume:
        settings = {**_settings(request), **_tools(request)}
        return rpc.request("droid.update_session_settings", settings, "set up")
    title = one_line(request.prompt) or "clinvk"
    return rpc.request("droid.rename_session", {"title": title}, "set up")


def prompt(rpc: JsonRpc, request: TurnRequest) -> Reply:
    """The person's prompt, with what belongs to it."""
    said: dict[str, Json] = {"text": request.prompt}
    if request.images:
        said["images"] = [
            {"type": "base64", "data": one.base64, "mediaType": one.media_type}
            for one in request.images
        ]
    if request.schema is not None:
        said["outputFormat"] = {"type": "json_schema", "schema": parse_json(request.schema)}
    return rpc.request("droid.add_user_message", said, "prompt")


def _settings(request: TurnRequest) -> dict[str, Json]:
    # Without an access as `droid exec` without an option. Otherwise it asks about everything, and
    # is answered by the access: it keeps the level with the conversation, so that a higher one
    # would still hold when a person opens that in its own screen.
    level = "low" if request.access is None else "off"
    settings: dict[str, Json] = {"interactionMode": "auto", "autonomyLevel": level}
    if request.model is not None:
        settings["modelId"] = request.model
    return settings


def _tools(request: TurnRequest) -> dict[str, Json]:
    """The tools of the turn; each list is set, because a conversation keeps those of its last."""
    lists = _TOOLS.get(request.access, {})
    return {name: [*lists.get(name, ())] for name in _TOOL_LISTS}

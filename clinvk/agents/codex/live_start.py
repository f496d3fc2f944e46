"""How a turn on `codex app-server` is started: its arguments, and the first messages."""

from collections.abc import Sequence

from clinvk.agents.base import Reply
from clinvk.agents.kit.json_rpc import JsonRpc
from clinvk.errors import BackendUnsupportedError
from clinvk.model.events import Json
from clinvk.model.request import TurnRequest

_WITH_VALUE = frozenset({"--config", "-c", "--enable", "--disable"})
_IMAGE = frozenset({"--image", "-i"})


def live_arguments(request: TurnRequest) -> tuple[Sequence[str], Sequence[str]]:
    """The user's arguments for it, and the images among them, which belong to the prompt.

    Raises `BackendUnsupportedError` for any other argument: it has few of the options of a headless
    run.
    """
    passed: list[str] = []
    images: list[str] = []
    given = iter(request.backend_args)
    for argument in given:
        name, equals, value = argument.partition("=")
        if name in _IMAGE:
            images += (value if equals else next(given, "")).split(",")
        elif name in _WITH_VALUE:
            passed.append(argument)
            passed += [] if equals else [next(given, "")]
        elif argument == "--strict-config" or argument.startswith("-c"):
            passed.append(argument)
        else:
            raise BackendUnsupportedError(
                f"backend `codex` cannot use `{name}` while it asks before it acts",
                hint="choose `--access read-only`, `edit` or `full`, or leave the argument out",
            )
    return passed, [image for image in images if image]


def opening(rpc: JsonRpc, request: TurnRequest) -> list[Reply]:
    """The first messages: they open the thread, and do not wait for each other's responses."""
    thread: dict[str, Json] = {
        "cwd": str(request.cwd),
        "approvalPolicy": "on-request",
        "approvalsReviewer": "user",  # a reviewer that the configuration names would answer itself
        "sandbox": "read-only",
    }
    if request.model is not None:
        thread["model"] = request.model
    if request.resume:
        method = "thread/resume"
        thread |= {"threadId": request.conversation, "excludeTurns": True}
    else:
        method = "thread/start"
        thread |= {"ephemeral": True} if request.ephemeral else {}
    client = {"name": "clinvk", "title": "clinvk", "version": "1"}
    return [
        rpc.request("initialize", {"clientInfo": client}, awaits="initialize"),
        rpc.notify("initialized"),
        rpc.request(method, thread, awaits=method),
    ]

"""A conversation as read from an agent's own files: its turns, and its start."""

from datetime import datetime

from msgspec import Struct

from clinvk.model.events import Json
from clinvk.model.usage import UNKNOWN_USAGE, Usage


class NativeTurn(Struct, frozen=True, kw_only=True):
    """One prompt and its answer, as the agent stores them.

    `id` is unique in the conversation and the same at every read. Times are UTC; `ended_at` is None
    for a turn that had not ended when it was read. `interrupted`: the user stopped it. `failed`:
    the answer is an error message. `usage`, `cost_usd` and `counters` are as in `Result`.
    """

    id: str
    prompt: str
    text: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    interrupted: bool = False
    failed: bool = False
    model: str | None = None
    usage: Usage = UNKNOWN_USAGE
    cost_usd: float | None = None
    counters: Json = None


class BegunConversation(Struct, frozen=True, kw_only=True):
    """The start of a conversation: its id, its directory and the time in UTC."""

    id: str
    cwd: str
    started_at: datetime

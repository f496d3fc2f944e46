"""Removes data that the user does not want to store, before it reaches the store.

`session.store_transcript: false` keeps the facts of a run (times, ids, model, exit, figures, names
of tools, paths of changed files) but none of its content. `session.store_token_usage: false` keeps
no figures, and no counters of the agent, from which figures could be computed. Neither changes the
output during the turn, nor whether the session can be continued.
"""

from msgspec import Struct
from msgspec.structs import replace

from clinvk.model.config import Settings
from clinvk.model.events import (
    Event,
    Failed,
    FileChange,
    Init,
    PermissionAnswer,
    PermissionRequest,
    Raw,
    ToolResult,
    ToolUse,
    UsageReported,
    Warned,
)
from clinvk.model.failure import Failure
from clinvk.model.outcome import Outcome
from clinvk.model.permission import ToolKind
from clinvk.model.session import Session, TitleSource
from clinvk.model.usage import UNKNOWN_USAGE


class RecordingPolicy(Struct, frozen=True, kw_only=True):
    """What may be stored: the content, and the figures of usage."""

    content: bool = True
    usage: bool = True

    def session(self, session: Session) -> Session:
        """A new session as it may be stored, without a title made from its prompt."""
        if self.content or session.title_source is TitleSource.PERSON:
            return session
        return replace(session, title="")

    def prompt(self, prompt: str) -> str:
        """The prompt, "" if it must not be stored."""
        return prompt if self.content else ""

    def event(self, event: Event) -> Event | None:
        """The event as it may be stored, None if it must not be."""
        # A line that the backend does not know can contain anything.
        if not self.usage and isinstance(event, UsageReported | Raw):
            return None
        return event if self.content else _without_content(event)

    def outcome(self, outcome: Outcome) -> Outcome:
        """The outcome as it may be stored."""
        if not self.usage:
            outcome = replace(outcome, usage=UNKNOWN_USAGE, cost_usd=None, counters=None)
        if not self.content:
            failure = _bare(outcome.failure) if outcome.failure else None
            outcome = replace(outcome, text="", structured=None, failure=failure)
        return outcome


KEEP_ALL = RecordingPolicy()


def recording_policy(settings: Settings) -> RecordingPolicy:
    """The policy in the settings."""
    return RecordingPolicy(
        content=bool(settings.get("session.store_transcript")),
        usage=bool(settings.get("session.store_token_usage")),
    )


def _without_content(event: Event) -> Event | None:  # noqa: PLR0911  one for each type
    """The event without its content, None for kinds that may contain other content."""
    match event:
        case Init() | FileChange() | UsageReported() | Warned(code="clinvk" | "answer"):
            return event
        case ToolUse():
            return replace(event, summary="", input={})
        case PermissionRequest():
            bare = replace(event, summary="", command=None, edits=(), diff="", reason="")
            return bare if event.kind is ToolKind.EDIT else replace(bare, paths=())
        case PermissionAnswer():
            return replace(event, reason=None, command=None)
        case ToolResult():
            return replace(event, text="")
        case Failed():
            return replace(event, failure=_bare(event.failure))
        case _:
            return None


def _bare(failure: Failure) -> Failure:
    """The failure without the agent's message, which can quote content."""
    message = failure.code.value.replace("_", " ")
    return Failure(code=failure.code, message=message, retry_at=failure.retry_at)

"""What a person does not want on disk is taken out here, before anything gets near the store.

`session.store_transcript: false` keeps what a run was (times, ids, model, exit, figures, names of
tools, paths of changed files) and nothing that was said in it. `session.store_token_usage: false`
keeps no figure, also not the agent's own counters, from which figures could be told again. Neither
changes what is shown while the turn runs, nor whether the session can be continued.
"""

from msgspec import Struct
from msgspec.structs import replace

from clinvk.model.config import Settings
from clinvk.model.events import (
    Event,
    Failed,
    FileChange,
    Init,
    Raw,
    ToolResult,
    ToolUse,
    UsageReported,
    Warned,
)
from clinvk.model.failure import Failure
from clinvk.model.outcome import Outcome
from clinvk.model.session import Session, TitleSource
from clinvk.model.usage import UNKNOWN_USAGE


class Discretion(Struct, frozen=True, kw_only=True):
    """What may be written down: what was said, and the figures."""

    words: bool = True
    figures: bool = True

    def session(self, session: Session) -> Session:
        """A new session as it may be written: a title that was made from its prompt goes."""
        if self.words or session.title_source is TitleSource.PERSON:
            return session
        return replace(session, title="")

    def prompt(self, prompt: str) -> str:
        """The prompt, or nothing."""
        return prompt if self.words else ""

    def event(self, event: Event) -> Event | None:
        """The event as it may be written, None if nothing of it may."""
        # A line that its backend does not know may hold anything.
        if not self.figures and isinstance(event, UsageReported | Raw):
            return None
        return event if self.words else _without_words(event)

    def outcome(self, outcome: Outcome) -> Outcome:
        """The outcome as it may be written."""
        if not self.figures:
            outcome = replace(outcome, usage=UNKNOWN_USAGE, cost_usd=None, counters=None)
        if not self.words:
            failure = _bare(outcome.failure) if outcome.failure else None
            outcome = replace(outcome, text="", structured=None, failure=failure)
        return outcome


KEEP_ALL = Discretion()


def discretion_of(settings: Settings) -> Discretion:
    """What the settings let us write."""
    return Discretion(
        words=bool(settings.get("session.store_transcript")),
        figures=bool(settings.get("session.store_token_usage")),
    )


def _without_words(event: Event) -> Event | None:
    """What is known to say nothing; a kind of event that is not listed may say something."""
    match event:
        case Init() | FileChange() | UsageReported() | Warned(code="clinvk" | "answer"):
            return event
        case ToolUse():
            return replace(event, summary="", input={})
        case ToolResult():
            return replace(event, text="")
        case Failed():
            return replace(event, failure=_bare(event.failure))
        case _:
            return None


def _bare(failure: Failure) -> Failure:
    """The kind of a failure without the agent's words, which may quote what was said."""
    message = failure.code.value.replace("_", " ")
    return Failure(code=failure.code, message=message, retry_at=failure.retry_at)

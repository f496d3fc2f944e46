"""What an imported session said of its access and its system prompt: shown, and not applied.

An export may be a stranger's. What it says there is kept in the record's field `imported`; it holds
in a run only if the person trusts the file when it is imported.
"""

from collections.abc import Mapping
from typing import Any

from clinvk.model.events import Json
from clinvk.model.session import Session

FIELD = "imported"
WITHHELD = ("access", "system_prompt")


def provenance(record: Mapping[str, Any], turns: int) -> dict[str, Json]:
    """What is kept of a record that is imported after so many turns."""
    return {**{name: record.get(name) for name in WITHHELD}, "turns": turns}


def provenance_of(session: Session) -> Mapping[str, Json]:
    """What was kept when the session was imported; empty for one that began here."""
    unknown = session.unknown if isinstance(session.unknown, dict) else {}
    kept = unknown.get(FIELD)
    return kept if isinstance(kept, dict) else {}


def is_unused_import(session: Session) -> bool:
    """Whether nobody has used the session since it was imported."""
    turns = provenance_of(session).get("turns")
    return isinstance(turns, int) and session.turns_begun <= turns

"""What an imported session could do to its agent: shown, but not applied.

An export may come from a stranger. These values are kept in the record's field `imported`; they
apply to a run only if the user trusts the file at import.
"""

from collections.abc import Mapping
from typing import Any

from clinvk.model.events import Json
from clinvk.model.session import Session

FIELD = "imported"
WITHHELD = ("access", "system_prompt", "add_dirs")


def provenance(record: Mapping[str, Any], turns: int) -> dict[str, Json]:
    """The value of the field `imported` for a record with this number of turns."""
    return {**{name: record.get(name) for name in WITHHELD}, "turns": turns}


def provenance_of(session: Session) -> Mapping[str, Json]:
    """The values kept at import; empty for a session that was not imported."""
    unknown = session.unknown if isinstance(session.unknown, dict) else {}
    kept = unknown.get(FIELD)
    return kept if isinstance(kept, dict) else {}


def is_unused_import(session: Session) -> bool:
    """Whether the session was imported and has not been used since."""
    turns = provenance_of(session).get("turns")
    return isinstance(turns, int) and session.turns_begun <= turns

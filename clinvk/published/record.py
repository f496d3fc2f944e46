"""The published form of a record, against which an import is checked.

`tools/schemas.py` has the other published forms, which only the JSON Schemas need.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from clinvk.model.access import Access
from clinvk.model.effort import Effort
from clinvk.model.session import Status, TitleSource
from clinvk.store.sessions import record_fields
from clinvk.store.sessions.record_fields import RecordField

Time = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")]
SessionId = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
Count = Annotated[int, Field(ge=0)]


class Form(BaseModel):
    """A published object: it has all of the fields and no others."""

    model_config = ConfigDict(extra="forbid", strict=True)


class UsageForm(Form):
    """Tokens; null is unknown. Cached and cache write are parts of input, reasoning of output."""

    input_tokens: Count | None
    cached_tokens: Count | None
    cache_write_tokens: Count | None
    output_tokens: Count | None
    reasoning_tokens: Count | None
    total_tokens: Count | None


class OpenTurnForm(Form):
    """A turn that has started and not ended."""

    number: int
    started_at: Time


class FigureCountsForm(Form):
    """How many turns reported each figure. If these are not all turns, its total is partial."""

    input_tokens: Count
    cached_tokens: Count
    cache_write_tokens: Count
    output_tokens: Count
    reasoning_tokens: Count
    total_tokens: Count
    cost_usd: Count


_FORMS = {
    record_fields.TEXT: str,
    record_fields.MAYBE_TEXT: str | None,
    record_fields.TITLE: str,
    record_fields.NAME: str | None,
    record_fields.FLAG: bool,
    record_fields.COUNT: Count,
    record_fields.OBJECT: Any,
    record_fields.AMOUNT: float | None,
    record_fields.TIME: Time,
    record_fields.LATER_TIME: Time,
    record_fields.SOURCE: TitleSource,
    record_fields.ACCESS: Access | None,
    record_fields.STATUS: Status,
    record_fields.TAGS: list[str],
    record_fields.DIRECTORIES: list[str],
    record_fields.EFFORT: Effort | None,
    record_fields.USAGE: UsageForm,
    record_fields.TURN: OpenTurnForm | None,
}


class _Record(Form):
    model_config = ConfigDict(extra="allow", strict=True)


def _form(name: str, description: str, table: Iterable[RecordField], **more: Any) -> type[_Record]:  # noqa: ANN401  types
    """The form of an object with the fields of `table`; `more` has fields with another form."""
    fields: dict[str, Any] = {
        field.name: more.get(field.name) or (_FORMS[field.kind], ...) for field in table
    }
    if "schema" in fields:  # a method of pydantic's
        fields = {"schema_": fields.pop("schema"), **fields}
    return create_model(name, __base__=_Record, __doc__=description, **fields)


ConversationForm = _form(
    "ConversationForm",
    "The conversation with one agent, and the last turn that the agent knows.",
    record_fields.CONVERSATION,
)

SessionForm = _form(
    "SessionForm",
    "`sessions/<id>.json`; later versions may add fields.",
    record_fields.FIELDS,
    schema=(Literal[2], Field(alias="schema")),
    id=(SessionId, ...),
    conversations=(list[ConversationForm], ...),  # type: ignore[valid-type]  # made of a table
    add_dirs=(list[str], []),
    effort=(Effort | None, None),
    figures_reported=(FigureCountsForm | None, None),
)

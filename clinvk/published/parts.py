"""The parts of the published forms."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from clinvk.model.events import Change
from clinvk.model.files import FileSource

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


class ErrorForm(Form):
    """An error, whether a retry may work, and when if that is known."""

    code: str
    message: str
    hint: str | None
    retryable: bool
    retry_at: Time | None


class FileForm(Form):
    """A file that the turn changed: reported by the agent, or observed in the git work tree."""

    path: str
    change: Change
    source: FileSource

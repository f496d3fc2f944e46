"""How each of the agents that share the `stream-json` output reports failures."""

from collections.abc import Mapping

from msgspec import Struct

from clinvk.agents.kit.failures import Words
from clinvk.model.failure import FailureCode


class Dialect(Struct, frozen=True):
    """How one agent reports failures: the `subtype` of a result, the `error` of a message, words.

    Lines of stderr that match `noise` explain nothing. `version` is the field of `init` that has
    the version. `status` finds an HTTP status in an error's text if the agent has no field for it.
    """

    subtypes: Mapping[str, FailureCode]
    errors: Mapping[str, FailureCode]
    words: Words
    noise: str
    version: str
    status: str | None = None

"""What an agent's CLI may be able to do."""

from collections.abc import Mapping
from enum import StrEnum

from clinvk.model.access import Access
from clinvk.model.request import TurnRequest


class Capability(StrEnum):
    """A feature that some agents' CLIs have and others lack."""

    RESUME = "resume"
    MODEL = "model"
    SYSTEM_PROMPT = "system_prompt"
    NEW_SYSTEM_PROMPT = "new_system_prompt"
    MAX_TURNS = "max_turns"
    EPHEMERAL = "ephemeral"
    READ_ONLY = "read_only"
    ASK = "ask"
    EDIT = "edit"
    FULL = "full"
    OWN_ID = "own_id"
    PARTIAL_MESSAGES = "partial_messages"
    COST = "cost"
    DENIALS = "denials"
    SCREEN = "screen"
    TITLE = "title"
    FORK = "fork"
    IMAGES = "images"
    ANSWER_SCHEMA = "answer_schema"
    ADD_DIR = "add_dir"
    EFFORT = "effort"
    BUDGET = "budget"

    @property
    def meaning(self) -> str:
        """What the feature makes possible, in a few words."""
        return _MEANING[self]


_MEANING: Mapping[Capability, str] = {
    Capability.MODEL: "choose the model (`-m`)",
    Capability.SYSTEM_PROMPT: "add to its system prompt (`--system-prompt`)",
    Capability.NEW_SYSTEM_PROMPT: "change a session's system prompt later",
    Capability.MAX_TURNS: "limit its steps (`--max-turns`)",
    Capability.EPHEMERAL: "keep nothing of a session (`--ephemeral`)",
    Capability.READ_ONLY: "only read files (`--access read-only`)",
    Capability.ASK: "ask before it acts (`--access ask`)",
    Capability.EDIT: "edit files (`--access edit`)",
    Capability.FULL: "do anything (`--access full`)",
    Capability.RESUME: "continue a session",
    Capability.OWN_ID: "use a session id that clinvk chooses",
    Capability.PARTIAL_MESSAGES: "stream its answer",
    Capability.COST: "report what a turn cost",
    Capability.DENIALS: "report denied tool calls",
    Capability.SCREEN: "open its interactive screen (`clinvk chat`)",
    Capability.TITLE: "make a title for a session",
    Capability.FORK: "continue a copy of its conversation",
    Capability.IMAGES: "see a picture (`--image`)",
    Capability.ANSWER_SCHEMA: "answer with JSON that matches a schema (`--schema`)",
    Capability.ADD_DIR: "work in a further directory (`--add-dir`)",
    Capability.EFFORT: "think more or less (`--effort`)",
    Capability.BUDGET: "limit what a turn costs",
}

WITHOUT_OPTION = frozenset({Capability.FORK, Capability.BUDGET})
"""Features without a clinvk option: an agent that has one describes its use in `ways`."""

ACCESS_CAPABILITY: Mapping[Access, Capability] = {
    Access.READ_ONLY: Capability.READ_ONLY,
    Access.ASK: Capability.ASK,
    Access.EDIT: Capability.EDIT,
    Access.FULL: Capability.FULL,
}


def features_of(request: TurnRequest) -> list[Capability]:
    """The features that the request needs."""
    asked = {
        Capability.MODEL: request.model is not None,
        Capability.SYSTEM_PROMPT: request.system_prompt is not None,
        Capability.NEW_SYSTEM_PROMPT: request.system_prompt_changed,
        Capability.MAX_TURNS: request.max_turns is not None,
        Capability.EPHEMERAL: request.ephemeral,
        Capability.IMAGES: bool(request.images),
        Capability.ANSWER_SCHEMA: request.schema is not None,
        Capability.ADD_DIR: bool(request.add_dirs),
        Capability.EFFORT: request.effort is not None,
    }
    access = [] if request.access is None else [ACCESS_CAPABILITY[request.access]]
    return [*(one for one, needed in asked.items() if needed), *access]


HINTS: Mapping[Capability, str] = {
    Capability.MAX_TURNS: "leave `--max-turns` out, or limit the time with `--timeout`",
    Capability.SYSTEM_PROMPT: "leave `--system-prompt` out, or put it into the prompt",
    Capability.NEW_SYSTEM_PROMPT: "start a new session with it, or put it into the prompt",
    Capability.MODEL: "leave `-m` out",
    Capability.EPHEMERAL: "leave `--ephemeral` out",
    Capability.IMAGES: "leave `--image` out, or choose another backend with `-b`",
    Capability.ANSWER_SCHEMA: "leave `--schema` out, or choose another backend with `-b`",
    Capability.ADD_DIR: "leave `--add-dir` out, or choose another backend with `-b`",
    Capability.EFFORT: "leave `--effort` out, or choose another backend with `-b`",
    Capability.SCREEN: "give a prompt",
    Capability.ASK: "choose `--access read-only`, `edit` or `full`, or another backend with `-b`",
}
"""What to do instead, for a person who asked for what an agent lacks."""

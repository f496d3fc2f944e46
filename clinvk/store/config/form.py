"""What the sections of the configuration's form are made of; loads pydantic."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field


class Section(BaseModel):
    """Keys of exactly the types that are said, and no others."""

    model_config = ConfigDict(extra="forbid", strict=True, use_enum_values=True)


def said(default: Any, meaning: str, **limits: Any) -> Any:  # noqa: ANN401  as pydantic's Field
    """A key with its default and its meaning in words."""
    return Field(default=default, description=meaning, **limits)


def _word(text: str) -> str:
    """It becomes an argument of a program or a path: neither can hold NUL."""
    if "\0" in text:
        raise ValueError("it holds a NUL character")
    return text


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty; leave the key out, or say `null`")
    return _word(text)


def _nothing_said(section: object) -> object:
    """`run:` with every line below it commented out says nothing, and is no mistake."""
    return {} if section is None else section


Word = Annotated[str, AfterValidator(_word)]
Filled = Annotated[str, AfterValidator(_filled)]
MayBeEmpty = BeforeValidator(_nothing_said)

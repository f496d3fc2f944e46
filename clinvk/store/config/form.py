"""The building blocks of the configuration's schema. Imports pydantic."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from clinvk.errors import UsageError
from clinvk.text.units import parse_duration


class Section(BaseModel):
    """A section with exactly the declared keys and types."""

    model_config = ConfigDict(extra="forbid", strict=True, use_enum_values=True)


def setting(default: Any, meaning: str, **limits: Any) -> Any:  # noqa: ANN401  as pydantic's Field
    """A key with its default and a description."""
    return Field(default=default, description=meaning, **limits)


def _word(text: str) -> str:
    """Refuse NUL: the text becomes an argument or a path, which cannot contain it."""
    if "\0" in text:
        raise ValueError("it contains a NUL character")
    return text


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty; remove the key, or set it to `null`")
    return _word(text)


class HintedError(ValueError):
    """An invalid value, with what to write instead."""

    def __init__(self, error: UsageError) -> None:
        super().__init__(error.message)
        self.hint = error.hint


def _duration(value: object) -> object:
    """Check a text, or a number, which lacks its unit; other types are refused later."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            parse_duration(str(value))
        except UsageError as error:
            raise HintedError(error) from error
    return value


def _empty_section(section: object) -> object:
    """Accept an empty section, such as `run:` with only comments below it."""
    return {} if section is None else section


Word = Annotated[str, AfterValidator(_word)]
Filled = Annotated[str, AfterValidator(_filled)]
Duration = Annotated[str, BeforeValidator(_duration), Field(examples=["30s", "15m", "2h"])]
MayBeEmpty = BeforeValidator(_empty_section)

"""The form in which a failure is told: as the result would have been."""

from collections.abc import Mapping, Sequence

from clinvk.cli.render.choice import Form
from clinvk.services.world import World

_FORMS: Mapping[str, Form] = {"text": "text", "json": "json", "stream-json": "stream-json"}
_SWITCHES = frozenset("cqvei")
"""The short options without a value, which may stand before the `o` of `-qojson`."""

_OTHERS = ("sessions", "config", "backends", "completion", "chat")
"""The commands that have no `--output-format`, and so no setting for it."""


def asked_form(argv: Sequence[str], world: World) -> Form:
    """The form, read from the words alone (they may be what is wrong), else from the settings."""
    words = list(argv[: argv.index("--")] if "--" in argv else argv)
    said: Form | None = None
    for word, following in zip(words, [*words, ""][1:], strict=True):
        said = _FORMS.get(_format_in(word, following), said)
    if said is not None:
        return said
    if "--json" in words:
        return "json"
    return "text" if words[:1] and words[0] in _OTHERS else _configured(world)


def _format_in(word: str, following: str) -> str:
    """What a word and the one after it say about the format, "" if nothing."""
    name, equals, glued = word.partition("=")
    if name == "--output-format":
        return glued if equals else following
    head, short, value = word.partition("o")
    if short and head[:1] == "-" and _SWITCHES.issuperset(head[1:]):
        return value or following
    return ""


def _configured(world: World) -> Form:
    said = world.environ.get("CLINVK_OUTPUT_FORMAT", "").strip()
    if not said:
        from clinvk.services.config.settings import effective_settings

        try:
            said = str(effective_settings(world).get("output.format"))
        except Exception:  # noqa: BLE001  the settings may be what is wrong: that is being told
            return "text"
    return _FORMS.get(said, "text")

"""The configuration as YAML that could be the file itself, or as JSON."""

from collections.abc import Iterator, Mapping

from clinvk.cli.streams import Streams
from clinvk.model.config import Setting
from clinvk.store.config.values import value_to_yaml
from clinvk.text.json_codec import json_page


def render_settings(
    settings: Mapping[str, Setting], streams: Streams, *, origin: bool, as_json: bool
) -> None:
    """Show every key on stdout.

    With `origin` each key says where its value is from: as a comment, which leaves the YAML valid,
    or as an object of value and origin a key.
    """
    if not as_json:
        streams.out_text("".join(_lines(settings, origin=origin)))
        return
    from clinvk.published.machine import settings_to_json

    streams.out_json(json_page(settings_to_json(settings, origin=origin)).decode())


def _lines(settings: Mapping[str, Setting], *, origin: bool) -> Iterator[str]:
    opened: list[str] = []
    for key, setting in settings.items():
        *sections, last = key.split(".")
        shared = _shared(opened, sections)
        for depth in range(shared, len(sections)):
            yield f"{'  ' * depth}{sections[depth]}:\n"
        opened = sections
        comment = f"  # {setting.source}" if origin else ""
        yield f"{'  ' * len(sections)}{last}: {value_to_yaml(setting.value)}{comment}\n"


def _shared(one: list[str], other: list[str]) -> int:
    """How many sections the two have in common from the start."""
    count = 0
    for ours, theirs in zip(one, other, strict=False):
        if ours != theirs:
            break
        count += 1
    return count

"""Sessions as one JSON document that `import` takes back; one line of it a line of a transcript."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from clinvk.model.portable import EXPORT_VERSION, PortableSession, TranscriptLine
from clinvk.text.json_codec import json_line


def json_of(sessions: Sequence[PortableSession]) -> str:
    """The document, with a last line end."""
    return "".join(_document(sessions))


def _document(sessions: Sequence[PortableSession]) -> Iterator[str]:
    yield f'{{"clinvk_export": {EXPORT_VERSION}, "sessions": [\n'
    for number, one in enumerate(sessions):
        yield ",\n" if number else ""
        yield f'{{"record": {_json(one.record)}, "transcript": ['
        for place, line in enumerate(one.transcript):
            yield f"{',' if place else ''}\n{_line(line)}"
        yield "\n]}"
    yield "\n]}\n"


def _line(line: TranscriptLine) -> str:
    if not isinstance(line, str):
        return _json(line)
    return _json({"": line}).removeprefix('{"": ').removesuffix("}")


def _json(value: Mapping[str, Any]) -> str:
    return json_line(value).decode("utf-8").removesuffix("\n")

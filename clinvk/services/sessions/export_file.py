"""Reads the file of an export from its start to its end, one session after the other.

Each error is a `ValueError` with its place, such as `sessions[3].transcript[7]`.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from clinvk.model.portable import EXPORT_VERSION, LargeLine, PortableSession, TranscriptLine
from clinvk.text.json_stream import TOO_LARGE, JsonStream, written

LARGEST_RECORD = 16 * 1024 * 1024
"""Bytes; no clinvk reads a larger record."""

_NO_EXPORT = "it is not an export of clinvk"


def iter_sessions(blocks: Iterable[bytes]) -> Iterator[tuple[str, PortableSession]]:
    """The sessions of the export with these bytes, each with its place in the file.

    The lines of a session are read from the file with it, before the next session. Their number and
    size do not matter.
    """
    stream = JsonStream(blocks)
    if (start := stream.peek()) != "{":
        known = start and (start in '["-tfn' or start.isdigit()) and stream.value() is not None
        raise ValueError(
            _NO_EXPORT if known else f"it is not JSON: expecting value (line {stream.line})"
        )
    version, found = None, False
    for name in _fields(stream):
        if name == "clinvk_export":
            version = _checked_version(stream.value())
        elif name == "sessions" and version is None:
            raise ValueError(_NO_EXPORT)
        elif name == "sessions":
            found = True
            for number in _items(stream, "`sessions`"):
                yield from _session(stream, f"sessions[{number}]")
        else:
            stream.skip()
    if version is None:
        raise ValueError(_NO_EXPORT)
    if not found:
        raise ValueError("`sessions` is not a list")
    if stream.peek():
        raise ValueError(f"it is not JSON: extra data (line {stream.line})")


def _checked_version(version: object) -> int:
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ValueError("`clinvk_export` is not a version number")
    if version > EXPORT_VERSION:
        raise ValueError(f"a newer clinvk wrote it (format version {version})")
    return version


def _session(stream: JsonStream, place: str) -> Iterator[tuple[str, PortableSession]]:
    if stream.peek() != "{":
        stream.skip()
        raise ValueError(f"{place} is not an object")
    record: Mapping[str, Any] | None = None
    found = False
    for name in _fields(stream):
        if name == "record":
            record = _record(stream, f"{place}.record")
        elif name == "transcript" and record is None:
            raise ValueError(f"{place}.record is not an object before its transcript")
        elif name == "transcript" and record is not None and not found:
            found = True
            lines = _lines(stream, f"{place}.transcript")
            yield place, PortableSession(record=record, transcript=lines)
            _skip(lines)
        else:
            stream.skip()
    if not found:
        raise ValueError(f"{place}.transcript is not a list")


def _skip(lines: Iterable[TranscriptLine | LargeLine]) -> None:
    """Read the lines of a session that was refused."""
    for line in lines:
        if isinstance(line, LargeLine):
            for _ in line.blocks():
                pass


def _record(stream: JsonStream, place: str) -> Mapping[str, Any]:
    value = stream.value()
    if value is TOO_LARGE:
        content = bytearray()
        for part in written(stream.tokens()):
            content += part
            if len(content) > LARGEST_RECORD:
                raise ValueError(f"{place} is larger than {LARGEST_RECORD >> 20} MiB")
        value = json.loads(content)
    if not isinstance(value, dict):
        raise ValueError(f"{place} is not an object")  # noqa: TRY004  one type for all errors
    return value


def _lines(stream: JsonStream, place: str) -> Iterator[TranscriptLine | LargeLine]:
    for number in _items(stream, place):
        is_text = stream.peek() == '"'
        value = stream.value()
        if isinstance(value, dict | str):
            yield value
        elif value is TOO_LARGE:
            yield LargeLine(is_text=is_text, blocks=lambda: written(stream.tokens()))
        else:
            raise ValueError(f"{place}[{number}] is neither an object nor one line of text")


def _fields(stream: JsonStream) -> Iterator[str]:
    """The names in an object; the value of each is read before the next."""
    stream.expect("{")
    while not stream.take("}"):
        yield stream.name()
        if not stream.take(","):
            stream.expect("}")
            return


def _items(stream: JsonStream, place: str) -> Iterator[int]:
    """The numbers of the values in a list; each value is read before the next number."""
    if not stream.take("["):
        raise ValueError(f"{place} is not a list")
    number = 0
    while not stream.take("]"):
        yield number
        number += 1
        if not stream.take(","):
            stream.expect("]")
            return

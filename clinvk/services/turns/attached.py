"""What a request adds to its prompt: pictures, the schema of the answer, further directories."""

import os
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from clinvk.errors import UsageError
from clinvk.model.request import Picture, RunRequest
from clinvk.model.session import Session
from clinvk.services.turns.directories import working_directory
from clinvk.store.files import reason

_LARGEST = 20 * 1024 * 1024
"""Bytes; no model accepts a larger picture or schema."""

_STARTS = ((b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpeg"), (b"GIF8", "gif"))
_RIFF, _WEBP = b"RIFF", b"WEBP"


class Attached(Struct, frozen=True, kw_only=True):
    """The contents of the files that a request names, and directories that exist.

    `gone` are directories of the session that no longer exist, so that the turn is without them.
    """

    images: tuple[Picture, ...]
    schema: str | None
    add_dirs: tuple[Path, ...]
    gone: tuple[str, ...]


def attached_to(request: RunRequest, session: Session) -> Attached:
    """What the turn has; the session's directories come before those of the request.

    Raises `UsageError` for a file or a directory that cannot be used.
    """
    schema = None
    if request.schema is not None:
        from clinvk.services.turns.answer_schema import compact_schema

        schema = compact_schema(request.schema, _content(request.schema, "the schema"))
    kept = [one for one in session.add_dirs if os.path.isdir(one)]
    return Attached(
        images=tuple(map(_picture, request.images)),
        schema=schema,
        add_dirs=tuple(dict.fromkeys((*map(Path, kept), *added_directories(request)))),
        gone=tuple(one for one in session.add_dirs if one not in kept),
    )


def added_directories(request: RunRequest) -> Iterator[Path]:
    """The request's directories without symbolic links. Raises `UsageError`."""
    for directory in request.add_dirs:
        yield working_directory(directory, named_with="with `--add-dir DIR`")


def _picture(path: Path) -> Picture:
    data = _content(path, "the picture")
    kinds = [kind for start, kind in _STARTS if data.startswith(start)]
    if data.startswith(_RIFF) and data[8:12] == _WEBP:
        kinds.append("webp")
    if not kinds:
        raise UsageError(
            f"`{path}` is no picture that models accept",
            hint="convert it to PNG, JPEG, GIF or WebP",
        )
    return Picture(path, f"image/{kinds[0]}", data)


def _content(path: Path, what: str) -> bytes:
    """The content of a file. Raises `UsageError`, also for what is no regular file."""
    try:
        if path.exists() and not path.is_file():
            raise UsageError(f"{what} `{path}` is not a file", hint="name a file")
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except FileNotFoundError:
        raise UsageError(
            f"{what} `{path}` does not exist", hint="relative paths start in the current directory"
        ) from None
    except OSError as error:
        raise UsageError(
            f"{what} `{path}` cannot be read: {reason(error)}", hint="name another file"
        ) from error
    if len(data) > _LARGEST:
        raise UsageError(
            f"{what} `{path}` is larger than {_LARGEST >> 20} MiB", hint="make it smaller"
        )
    return data

"""What a request adds to its prompt: read before anything is started, refused in one sentence."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from clinvk.errors import UsageError
from clinvk.model.request import RunRequest
from clinvk.model.session import Session
from clinvk.services.turns.attached import attached_to

KINDS = {
    "image/png": b"\x89PNG\r\n\x1a\n and more",
    "image/jpeg": b"\xff\xd8\xff\xe0 and more",
    "image/gif": b"GIF89a and more",
    "image/webp": b"RIFF\x00\x00\x00\x00WEBPVP8 ",
}


@pytest.fixture
def session() -> Session:
    """A session that has no further directories."""
    now = datetime(2026, 1, 27, tzinfo=UTC)
    return Session(id="0" * 12, backend="demo", cwd="/p", created_at=now, last_used_at=now)


def _request(**asked: object) -> RunRequest:
    return replace(RunRequest(prompt="look"), **asked)


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_is_known_by_its_content(tmp_path: Path, session: Session, kind: str) -> None:
    """Whatever its name is."""
    file = tmp_path / "a.txt"
    file.write_bytes(KINDS[kind])
    (picture,) = attached_to(_request(images=(file,)), session).images
    assert (picture.path, picture.media_type, picture.data) == (file, kind, KINDS[kind])


def test_what_cannot_be_used_is_said_in_one_sentence(tmp_path: Path, session: Session) -> None:
    """With the path, and with what to do instead."""
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "empty.png").write_bytes(b"")
    with (tmp_path / "huge.png").open("wb") as file:
        file.truncate(21 << 20)
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    asked = {
        "the picture `P/none.png` does not exist": {"images": (tmp_path / "none.png",)},
        "the picture `P` is not a file": {"images": (tmp_path,)},
        "`P/text.png` is no picture that models accept": {"images": (tmp_path / "text.png",)},
        "`P/empty.png` is no picture that models accept": {"images": (tmp_path / "empty.png",)},
        "the picture `P/huge.png` is larger than 20 MiB": {"images": (tmp_path / "huge.png",)},
        "the schema `P/none.json` does not exist": {"schema": tmp_path / "none.json"},
        "the schema `P/broken.json` is not JSON: ": {"schema": tmp_path / "broken.json"},
        "the schema `P/binary.json` is not JSON: ": {"schema": tmp_path / "binary.json"},
        "the schema `P/list.json` is not a JSON object": {"schema": tmp_path / "list.json"},
        "the directory `P/none` does not exist": {"add_dirs": (tmp_path / "none",)},
        "`P/text.png` is not a directory": {"add_dirs": (tmp_path / "text.png",)},
    }
    for sentence, fields in asked.items():
        with pytest.raises(UsageError) as refusal:
            attached_to(_request(**fields), session)
        message = refusal.value.message.replace(str(tmp_path), "P")
        assert message.startswith(sentence)
        assert "\n" not in message
        assert refusal.value.hint


def test_directories_are_those_of_the_session_and_of_the_request(
    tmp_path: Path, session: Session
) -> None:
    """Each once, without symbolic links; what is gone is told, and not passed on."""
    for name in ("kept", "new"):
        (tmp_path / name).mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "new")
    kept = replace(session, add_dirs=(str(tmp_path / "kept"), str(tmp_path / "gone")))
    request = _request(add_dirs=(tmp_path / "link", tmp_path / "new", tmp_path / "kept"))
    attached = attached_to(request, kept)
    assert attached.add_dirs == (tmp_path / "kept", tmp_path / "new")
    assert attached.gone == (str(tmp_path / "gone"),)

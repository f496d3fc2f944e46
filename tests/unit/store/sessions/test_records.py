"""Records: what is written is what is read, and what cannot be read is said so."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bed.kept import load_record
from clinvk.errors import SessionDamagedError, StoreError
from clinvk.model.access import Access
from clinvk.model.conversation import Conversation
from clinvk.model.effort import Effort
from clinvk.model.session import OpenTurn, Session, Status, TitleSource
from clinvk.model.usage import FIGURES, Usage
from clinvk.store.home import Home
from clinvk.store.sessions import records
from clinvk.store.sessions.record_fields import KNOWN, encode
from clinvk.text.json_codec import json_page, time_from_text, time_to_text
from clinvk.text.normalize import normal

SAVES_UNDER_A_LIMIT = """
import resource, sys
from msgspec.structs import replace
from pathlib import Path
from clinvk.errors import StoreError
from clinvk.store.sessions import records
from clinvk.store.home import Home
home = Home(Path(sys.argv[1]))
session = records.read(home.record("0123456789ab"), session_id="0123456789ab")
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    records.save(home, replace(session, title="x" * 100_000))
except StoreError as error:
    print(error.code)
"""

# Two halves of a character that come apart are kept apart; side by side JSON makes them one.
texts = st.text(st.characters(exclude_categories=[])).filter(
    lambda text: text == json.loads(json.dumps(text))
)
times = st.datetimes(timezones=st.just(UTC))
counts = st.integers(min_value=0, max_value=2**63 - 1)
figures = st.none() | counts
jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
).filter(lambda value: "inf" not in repr(value).lower())
usages = st.builds(Usage, **dict.fromkeys(
    ("input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens"),
    figures,
))  # fmt: skip
conversations = st.builds(
    Conversation,
    backend=texts,
    id=st.none() | texts,
    seen=st.booleans(),
    model=st.none() | texts,
    counters=st.none() | st.dictionaries(st.text(), jsons),
    counters_turn=counts,
    heard_through=counts,
).filter(lambda one: one != Conversation(backend=one.backend))
sessions = st.builds(
    Session,
    id=st.from_regex(r"[0-9a-f]{12}", fullmatch=True),
    backend=texts,
    cwd=texts,
    created_at=times,
    last_used_at=times,
    name=st.none() | texts,
    title=texts,
    title_source=st.sampled_from(TitleSource),
    conversations=st.lists(conversations, max_size=3, unique_by=lambda one: one.backend).map(tuple),
    model_asked=st.none() | texts,
    access=st.none() | st.sampled_from(Access),
    system_prompt=st.none() | texts,
    add_dirs=st.lists(texts, max_size=3, unique=True).map(tuple),
    effort=st.none() | st.sampled_from(Effort),
    status=st.sampled_from([Status.ACTIVE, Status.ERROR, Status.COMPLETED]),
    archived=st.booleans(),
    parent=st.none() | texts,
    tags=st.lists(texts.map(normal), max_size=3, unique=True).map(tuple),
    turns=counts,
    turns_reported=counts,
    usage=usages,
    cost_usd=st.none() | st.floats(min_value=-1e12, max_value=1e12),
    figures_reported=st.none() | st.fixed_dictionaries(dict.fromkeys(FIGURES, counts)),
    open_turn=st.none()
    | st.builds(OpenTurn, number=st.integers(min_value=1, max_value=2**63 - 1), started_at=times),
    unknown=st.dictionaries(texts.filter(lambda key: key not in KNOWN), jsons, max_size=3),
)


def decode(value: object, *, path: Path) -> Session:
    """The session of the record at that path, whose JSON value this is."""
    content = json.dumps(value).encode()
    found = records.parse(content, path=path, session_id=path.stem)
    if isinstance(found, records.DamagedRecord):
        raise found.error()
    return found


@given(sessions)
def test_a_saved_session_is_read_unchanged(session: Session) -> None:
    """Every character, every microsecond, unknown fields too."""
    page = json_page(encode(session))
    page.decode("utf-8")
    read = decode(json.loads(page), path=Path(f"{session.id}.json"))
    assert read == session


def test_a_record_reads_as_the_contract_says(new_session: Callable[..., Session]) -> None:
    """The published names in the published order, indented, with characters as themselves."""
    session = new_session(
        title="größer 日本",
        conversation={"id": "c-1"},
        usage=Usage(input_tokens=10, output_tokens=5),
    )
    page = json_page(encode(session)).decode()
    assert '\n  "title": "größer 日本",\n' in page
    assert '\n  "created_at": "2025-01-27T10:00:00Z",\n' in page
    assert page.endswith("}\n")
    fields = json.loads(page)
    assert list(fields) == [
        "schema", "id", "name", "title", "title_source", "backend", "conversations",
        "model_requested", "access", "system_prompt", "add_dirs", "effort", "cwd",
        "status", "archived", "parent", "tags", "created_at", "last_used_at", "turns",
        "turns_reported", "usage", "cost_usd", "figures_reported", "open_turn",
    ]  # fmt: skip
    assert fields["usage"]["total_tokens"] == 15
    assert fields["usage"]["reasoning_tokens"] is None
    assert set(fields) == KNOWN
    assert fields["conversations"] == [
        {
            "backend": "demo", "backend_session_id": "c-1", "backend_session_seen": False,
            "model": None, "counters": None, "counters_turn": 0, "heard_through": 0,
        }
    ]  # fmt: skip


EARLIER = {
    "schema": 1, "id": "0123456789ab", "backend": "demo", "backend_session_id": "c-1",
    "backend_session_seen": True, "cwd": "/", "created_at": "2025-01-27T10:00:00Z",
    "model": "m-1", "model_requested": "m", "turns": 3, "counters": {"n": 1}, "counters_turn": 2,
    "note": "mine",
}  # fmt: skip


@pytest.mark.parametrize("change", [{}, {"schema": None}], ids=["schema 1", "no schema"])
def test_a_record_of_schema_1_is_upgraded_whole(home: Home, change: dict[str, Any]) -> None:
    """Its one conversation is in the list, and what it says is said once, after the next write."""
    home.sessions.mkdir(parents=True)
    path = home.record("0123456789ab")
    kept = {key: value for key, value in EARLIER.items() if change.get(key, value) is not None}
    path.write_text(json.dumps(kept))
    session = load_record(path)
    assert json.loads(path.read_text()) == kept, "reading writes nothing"
    assert session.conversations == (
        Conversation(
            backend="demo", id="c-1", seen=True, model="m-1",
            counters={"n": 1}, counters_turn=2, heard_through=3,
        ),
    )  # fmt: skip
    records.save(home, session)
    said = json.loads(path.read_text())
    assert (said["schema"], said["note"], said["model_requested"]) == (2, "mine", "m")
    assert said.keys() == KNOWN | {"note"}
    assert load_record(path) == session


def test_a_session_of_schema_1_without_a_conversation_has_none() -> None:
    """A run that was killed before its agent named it."""
    bare = {name: EARLIER[name] for name in ("schema", "id", "backend", "cwd", "created_at")}
    assert decode(bare, path=Path("0123456789ab.json")).conversations == ()


def test_fields_of_others_are_kept_and_cannot_replace_ours(
    new_session: Callable[..., Session],
) -> None:
    """Rewriting a record drops nothing that a person or another program put there."""
    fields = encode(new_session(unknown={"note": {"by": "me"}, "turns": 99}))
    assert fields["note"] == {"by": "me"}
    assert fields["turns"] == 0


@pytest.mark.parametrize(
    "said",
    [[1], 3, {}, {"cost_usd": 1}, dict.fromkeys(FIGURES, -1), dict.fromkeys(FIGURES, True)],
    ids=["list", "number", "empty", "one", "negative", "truth"],
)
def test_counts_of_figures_that_are_none_are_refused(
    said: object, new_session: Callable[..., Session]
) -> None:
    """A total is never called whole by a count that makes no sense."""
    session = new_session()
    fields = encode(session) | {"figures_reported": said}
    with pytest.raises(SessionDamagedError, match="figures_reported"):
        decode(fields, path=Path(f"{session.id}.json"))


def test_a_bare_record_is_enough() -> None:
    """Only what cannot be guessed must be there: id, backend, directory and the time of birth."""
    bare = {"id": "0" * 12, "backend": "demo", "cwd": "/", "created_at": "2025-01-27T10:00:00Z"}
    session = decode(bare, path=Path(f"{'0' * 12}.json"))
    assert session.last_used_at == session.created_at
    assert (session.status, session.usage, session.access) == (Status.ACTIVE, Usage(), None)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"schema": "1"}, "`schema` is not a version number"),
        ({"schema": 0}, "`schema` is not a version number"),
        ({"id": None}, "`id` is not a text"),
        ({"id": "ffffffffffff"}, "it is the record of session `ffffffffffff`"),
        ({"backend": 5}, "`backend` is not a text"),
        ({"created_at": "yesterday"}, "`created_at` is not a time"),
        ({"created_at": None}, "`created_at` is missing"),
        ({"last_used_at": 17}, "`last_used_at` is not a time"),
        ({"created_at": "0001-01-01T00:00:00+23:00"}, "`created_at` is not a time"),
        ({"title": ["x"]}, "`title` is not a text"),
        ({"status": "running"}, "`status` is not one of active, interrupted, error, completed"),
        ({"status": {}}, "`status` is not one of"),
        ({"access": "everything"}, "`access` is not one of read-only, ask, edit, full"),
        ({"archived": "no"}, "`archived` is not true or false"),
        ({"tags": "a,b"}, "`tags` is not a list of texts"),
        ({"tags": [1]}, "`tags` is not a list of texts"),
        ({"turns": True}, "`turns` is not a count"),
        ({"turns": 1.5}, "`turns` is not a count"),
        ({"turns": -1}, "`turns` is not a count"),
        ({"turns": 2**63}, "`turns` is not a count"),
        ({"conversations": {}}, "`conversations` is not a list of conversations"),
        ({"conversations": [1]}, "`conversations` is not a list of conversations"),
        ({"conversations": [{"backend": "x"}] * 2}, "`conversations` is not a list of"),
        ({"conversations": [{}]}, "`backend` is missing"),
        ({"conversations": [{"backend": "x", "counters": [1]}]}, "`counters` is not an object"),
        ({"conversations": [{"backend": "x", "counters": "m"}]}, "`counters` is not an object"),
        ({"conversations": [{"backend": "x", "counters_turn": -2}]}, "`counters_turn` is not a"),
        ({"schema": 1, "counters": [1]}, "`counters` is not an object"),
        ({"schema": 1, "counters": "many"}, "`counters` is not an object"),
        ({"schema": 1, "counters_turn": -2}, "`counters_turn` is not a count"),
        ({"schema": 1, "turns": -2}, "`turns` is not a count"),
        ({"usage": []}, "`usage` is not an object of counts"),
        ({"usage": {"input_tokens": "9"}}, "`usage` is not an object of counts"),
        ({"cost_usd": "1"}, "`cost_usd` is not an amount"),
        ({"cost_usd": float("nan")}, "`cost_usd` is not an amount"),
        ({"cost_usd": 10**400}, "`cost_usd` is not an amount"),
        ({"open_turn": 3}, "`open_turn` is not a turn"),
        ({"open_turn": {"number": 0}}, "`open_turn` is not a turn"),
        ({"open_turn": {"number": 1}}, "`started_at` is missing"),
    ],
    ids=str,
)
def test_a_field_that_makes_no_sense_is_named(
    new_session: Callable[..., Session], change: dict[str, Any], complaint: str
) -> None:
    """The error names the file and the field."""
    path = Path("/somewhere/0123456789ab.json")
    with pytest.raises(SessionDamagedError) as damaged:
        decode(encode(new_session()) | change, path=path)
    assert damaged.value.message.startswith(f"the record `{path}` is damaged: {complaint}")


@pytest.mark.parametrize("value", [None, [], "text", 3, True])
def test_a_record_is_an_object(value: object) -> None:
    """Any other JSON value is damage."""
    with pytest.raises(SessionDamagedError, match="it is not a JSON object"):
        decode(value, path=Path("0123456789ab.json"))


def test_a_newer_record_is_read_and_never_rewritten(
    home: Home, new_session: Callable[..., Session]
) -> None:
    """What a newer clinvk says is understood as far as it goes, and its file is left as it is."""
    records.save(home, new_session())
    path = home.record("0123456789ab")
    newer = json.loads(path.read_text()) | {"schema": 3, "status": "dreaming", "tags": {"a": 1}}
    path.write_text(json.dumps(newer))
    session = load_record(path)
    assert (session.schema, session.status, session.tags) == (3, Status.ACTIVE, ())
    with pytest.raises(StoreError, match="a newer clinvk wrote it"):
        records.save(home, session)
    assert json.loads(path.read_text()) == newer


def test_a_newer_records_access_is_never_guessed(new_session: Callable[..., Session]) -> None:
    """A level that we do not know must not become the agent's own default, which may be wider."""
    newer = encode(new_session()) | {"schema": 3, "access": "read-nothing"}
    with pytest.raises(SessionDamagedError, match="`access`"):
        decode(newer, path=Path("0123456789ab.json"))


def test_a_record_cut_off_anywhere_is_damaged(
    home: Home, new_session: Callable[..., Session]
) -> None:
    """Whatever is left of a record, reading it says which file it is and raises nothing else."""
    records.save(home, new_session(title="größer", unknown={"x": [1, {"y": None}]}))
    path = home.record("0123456789ab")
    whole = path.read_bytes()
    for length in range(len(whole) - 2):
        path.write_bytes(whole[:length])
        with pytest.raises(SessionDamagedError, match=str(path)):
            load_record(path)
    path.write_bytes(whole.rstrip())
    assert load_record(path).title == "größer"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"\0" * 512, "it is not JSON"),
        (b'{"id": "\xff\xfe"}', "it is not text in UTF-8"),
        (b"[" * 100_000, "it is nested too deeply"),
        (b"1" * 10_000, "exceeds the limit"),
    ],
    ids=["empty", "blank", "zeros", "not utf-8", "deep", "long number"],
)
def test_a_file_that_is_not_a_record_is_damaged(tmp_path: Path, content: bytes, why: str) -> None:
    """A crash, a full disk or an editor may leave it."""
    path = tmp_path / "0123456789ab.json"
    path.write_bytes(content)
    with pytest.raises(SessionDamagedError) as damaged:
        load_record(path)
    assert str(path) in damaged.value.message
    assert why.lower() in damaged.value.message.lower()


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    """No record is that large, and no memory is spent on it."""
    path = tmp_path / "0123456789ab.json"
    with path.open("wb") as file:
        file.truncate(records.LARGEST + 1)
    with pytest.raises(SessionDamagedError, match="larger than 16 MiB"):
        load_record(path)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (os.mkfifo, "not a regular file"),
        (Path.mkdir, "not a regular file"),
        (lambda path: path.symlink_to("/dev/zero"), "it is a symbolic link"),
    ],
    ids=["fifo", "folder", "link"],
)
def test_special_files_are_damaged_and_never_waited_for(
    tmp_path: Path, make: Callable[[Path], None], why: str
) -> None:
    """Links are not followed, and a fifo does not hang."""
    path = tmp_path / "0123456789ab.json"
    make(path)
    with pytest.raises(SessionDamagedError, match=why):
        load_record(path)


def test_no_record_is_not_a_damaged_one(home: Home) -> None:
    """There is a difference between a session that never was and one that is broken."""
    with pytest.raises(FileNotFoundError):
        load_record(home.record("0123456789ab"))


@pytest.mark.usefixtures("any_umask")
def test_a_saved_record_is_private(home: Home, new_session: Callable[..., Session]) -> None:
    """0600 in folders of 0700, whatever the umask."""
    records.save(home, new_session())
    modes = [
        stat.S_IMODE(path.stat().st_mode)
        for path in (home.root, home.sessions, home.record("0123456789ab"))
    ]
    assert modes == [0o700, 0o700, 0o600]


def test_a_full_disk_leaves_the_old_record(home: Home, new_session: Callable[..., Session]) -> None:
    """Saving fails with one sentence, and the session is as it was."""
    records.save(home, new_session(title="old"))
    said = subprocess.run(
        [sys.executable, "-c", SAVES_UNDER_A_LIMIT, str(home.root)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said == "store_unusable\n"
    assert load_record(home.record("0123456789ab")).title == "old"
    assert [path.name for path in home.sessions.iterdir()] == ["0123456789ab.json"]


def test_values_that_json_cannot_express_are_replaced(
    home: Home, new_session: Callable[..., Session]
) -> None:
    """Counters are the agent's: with any content, the record can be written and read."""
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    odd = {"nan": float("nan"), "deep": deep, "tuple": (1,), "path": Path("/x"), 5: "five"}
    records.save(home, new_session(conversation={"counters": odd}, cost_usd=float("inf")))
    session = load_record(home.record("0123456789ab"))
    assert session.cost_usd is None
    counters = session.conversation.counters
    assert (counters["nan"], counters["tuple"], counters["path"]) == (None, [1], "/x")
    assert counters["5"] == "five"


def test_times_end_in_z_and_are_in_utc() -> None:
    """A time of another zone is written in UTC, and one without a zone is UTC."""
    noon = datetime(2025, 1, 27, 12, tzinfo=timezone(timedelta(hours=2)))
    assert time_to_text(noon) == "2025-01-27T10:00:00Z"
    assert time_to_text(datetime(2025, 1, 27, 10)) == "2025-01-27T10:00:00Z"  # noqa: DTZ001  the point
    assert time_from_text("2025-01-27T12:00:00+02:00") == noon
    assert time_from_text("2025-01-27T10:00:00").utcoffset() == timedelta(0)


def test_a_last_use_before_the_creation_is_no_damage(
    new_session: Callable[..., Session],
) -> None:
    """A clock may have been set back."""
    session = new_session(last_used_at=datetime(2020, 1, 1, tzinfo=UTC))
    read = decode(encode(session), path=Path("0123456789ab.json"))
    assert read.last_used_at < read.created_at

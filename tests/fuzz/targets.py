"""What may be given any bytes, each with the promise that must hold whatever they are.

A target takes the bytes of one input and asserts. What once failed is a file of the folder
`corpus/TARGET/`, which `test_corpus.py` gives to the target again.
"""

import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import to_builtins

from bed.inside import ID, NOW, OTHER, command, place
from clinvk.agents import registry as backends
from clinvk.errors import ClinvkError, ConfigError
from clinvk.model.conversation import TurnMode
from clinvk.model.events import Result
from clinvk.model.names import checked_name, checked_tag, checked_title
from clinvk.model.request import TurnRequest
from clinvk.process.framing import LineFramer
from clinvk.published.run import event_to_json
from clinvk.services.search.query import parse_query
from clinvk.services.sessions.export_file import iter_sessions
from clinvk.store.config.file import check_config, lines_of, problems_in
from clinvk.store.sessions.portable import whole_line
from clinvk.text.json_codec import json_line
from clinvk.text.sanitize import safe_line
from clinvk.text.units import parse_duration, parse_moment
from contract.replay import play

CORPUS = Path(__file__).with_name("corpus")
ENDS = ((0, ""), (1, "error: boom"), (-9, ""), (None, ""))

Target = Callable[[bytes], None]


def framing(data: bytes) -> None:
    """However bytes are cut, the lines are the same; nothing is kept beyond the longest line."""
    whole = _lines([data], 64)
    for size in (1, 2, 3, 7, 64):
        pieces = [data[at : at + size] for at in range(0, len(data), size)]
        assert _lines(pieces, 64) == whole
    assert all(len(line.encode("utf-8", "replace")) <= 3 * 64 for line in whole)
    assert len(whole) == data.count(b"\n") + bool(data.rpartition(b"\n")[2])


def _lines(pieces: list[bytes], longest: int) -> list[str]:
    framer = LineFramer(longest)
    return [line for piece in pieces for line in framer.feed(piece)] + framer.close()


def parser(name: str) -> Target:
    """The target of one backend: a stream ends in exactly one result, and all can be written."""

    def check(data: bytes) -> None:
        framer = LineFramer()
        lines = [*framer.feed(data), *framer.close()]
        for resume in (False, True):
            request = TurnRequest(
                prompt="p",
                cwd=Path("/code"),
                conversation="00000000-0000-4000-8000-000000000000",
                mode=TurnMode.RESUME if resume else TurnMode.START,
                counters={"x": 1} if resume else None,
            )
            end = ENDS[zlib.crc32(data) % len(ENDS)]
            events = play(request, backends.get(name), lines, *end)
            assert [isinstance(event, Result) for event in events].count(True) == 1
            for event in events:
                json.loads(json_line(event_to_json(event) or {}))
                json.loads(json_line(to_builtins(event)))

    return check


def native(name: str) -> Target:
    """The target of one backend's own files: what they say is read as far as it makes sense."""

    def check(data: bytes) -> None:
        reader = backends.get(name).native()
        if reader is None:
            return
        lines = data.decode("utf-8", "replace").split("\n")
        for turn in reader.turns(lines):
            json.loads(json_line(to_builtins(turn)))
        reader.title("x", lines)
        reader.conversation_start(lines[0])

    return check


def home_file(name: str, steps: int = 5) -> Target:
    """The target of one file of a home: no command breaks, hangs or drives a terminal.

    So many commands are tried, which ones follows from the bytes.
    """

    def check(data: bytes) -> None:
        with place() as where:
            path = where.home.root / name
            path.parent.mkdir(mode=0o700, exist_ok=True)
            path.write_bytes(data)
            path.chmod(0o600)
            others = where.files()
            start = zlib.crc32(data)
            for step in range(steps):
                argv = _COMMANDS[(start + 7 * step) % len(_COMMANDS)]
                command(where, argv, terminal=bool(start >> step & 1))
            assert where.files() == others

    return check


_COMMANDS: tuple[tuple[str, ...], ...] = (
    ("sessions", "list"),
    ("sessions", "list", "--json"),
    ("sessions", "list", "--archived", "--sort", "tokens", "--since", "9d"),
    ("sessions", "show", ID),
    ("sessions", "show", ID, "--json"),
    ("sessions", "show", ID, "--turn", "1"),
    ("sessions", "show", OTHER, "--markdown"),
    ("sessions", "show", ID, "--answer"),
    ("sessions", "search", "hello"),
    ("sessions", "search", "hello", "--json"),
    ("sessions", "files", ID),
    ("sessions", "export", ID, "--format", "json"),
    ("sessions", "export", ID, OTHER, "--redact"),
    ("sessions", "rename", ID, "x"),
    ("sessions", "tag", OTHER, "y"),
    ("sessions", "close", ID, OTHER),
    ("sessions", "archive", "pr-1"),
    ("sessions", "delete", ID, "-y"),
    ("sessions", "clean", "--older-than", "1s", "--dry-run"),
    ("sessions", "clean", "--older-than", "1s"),
    ("sessions", "reindex", "--check"),
    ("sessions", "reindex"),
    ("run", "-b", "demo", "-c", "--dry-run", "go on"),
    ("run", "-b", "demo", "-s", "pr-1", "--dry-run", "go on"),
    ("resume", "0123", "--dry-run", "go on"),
    ("config", "show", "--origin"),
    ("config", "show", "--json"),
    ("config", "get", "run.timeout"),
    ("config", "set", "run.timeout", "5m"),
    ("config", "unset", "run.timeout"),
    ("config", "validate"),
    ("backends",),
    ("doctor",),
    ("doctor", "--json"),
)


def config(data: bytes) -> None:
    """A configuration is read, or refused with its name and, where there is one, the line."""
    names = backends.names()
    problems = problems_in(data, "config.yaml", names)
    assert all(one.startswith("config.yaml") for one in problems)
    if problems:
        with pytest.raises(ConfigError, match=r"^config\.yaml"):
            check_config(data, "config.yaml", names)
        return
    json.dumps(check_config(data, "config.yaml", names)).encode()
    lines_of(data, "config.yaml")


def reference(data: bytes) -> None:
    """Whatever is typed for SESSION is one session or one sentence."""
    with place() as where:
        said = command(where, ["sessions", "show", "--", _text(data)], terminal=True)
        assert said.status in {0, 2, 4}


def search(data: bytes) -> None:
    """Whatever is sought is found, not found, or refused in one sentence."""
    text = _text(data)
    with suppress(ClinvkError):
        query = parse_query(text)
        for term in (*query.wanted, *query.unwanted):
            list(term.spans("hello\n-world " + text.casefold()))
    with place() as where:
        assert command(where, ["sessions", "search", "--", text], terminal=True).status <= 2


def words(data: bytes) -> None:
    """Durations, dates, names, tags and titles are taken or refused; what is taken is sound."""
    text = _text(data)
    with suppress(ClinvkError):
        assert parse_duration(text) > 0
    for end in (False, True):
        with suppress(ClinvkError):
            at = parse_moment(text, now=NOW, local=_local, end=end)
            assert at.tzinfo is not None
            at.astimezone(UTC)
    for check in (checked_name, checked_tag, checked_title):
        with suppress(ClinvkError):
            assert safe_line(check(text)) == check(text)


def _local(at: datetime) -> datetime:
    return at.astimezone()


def import_file(data: bytes) -> None:
    """An export is taken or refused with its name; nothing is written but sessions of the home."""
    with suppress(ValueError, RecursionError):
        for _, one in iter_sessions(data[at : at + 7] for at in range(0, len(data), 7)):
            for line in one.transcript:
                whole_line(line)
    with place() as where:
        (where.project / "x.json").write_bytes(data)
        others = where.files()
        command(where, ["sessions", "import", "x.json"], terminal=True)
        command(where, ["sessions", "list"], terminal=True)
        assert where.files() == others


def command_line(data: bytes) -> None:
    """Any words: a published exit status, no traceback, nothing written outside."""
    argv = [word for word in _text(data).split("\x1f") if "\0" not in word]
    with place() as where:
        others = where.files()
        command(where, argv, stdin="y\n", terminal=zlib.crc32(data) % 2 == 0)
        changed = {path for path, was in where.files().items() if others.get(path) != was}
        assert {path for path in changed if "demo" not in path.parts} == set()


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


HOME_FILES: Mapping[str, str] = {
    "record": f"sessions/{ID}.json",
    "transcript": f"transcripts/{ID}.jsonl",
    "config_file": "config.yaml",
    "config_cache": "cache/config.json",
    "index": "cache/index.sqlite3",
    "lock": f"locks/{ID}.lock",
}

TARGETS: Mapping[str, Target] = {
    "framing": framing,
    "config": config,
    "reference": reference,
    "search": search,
    "words": words,
    "import": import_file,
    "command_line": command_line,
    **{target: home_file(path) for target, path in HOME_FILES.items()},
    **{f"parser-{name}": parser(name) for name in backends.names()},
    **{f"native-{name}": native(name) for name in backends.names()},
}


@contextmanager
def kept(target: str, data: bytes) -> Iterator[None]:
    """Keep an input that fails as `corpus/TARGET/found`: after shrinking, the smallest one."""
    try:
        yield
    except BaseException:
        with suppress(OSError):
            folder = CORPUS / target
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "found").write_bytes(data)
        raise


def check(target: str, data: bytes) -> None:
    """Give the bytes to the target; what fails is kept."""
    with kept(target, data):
        TARGETS[target](data)


def check_thoroughly(target: str, data: bytes) -> None:
    """The same with every command there is."""
    thorough = {name: home_file(path, len(_COMMANDS)) for name, path in HOME_FILES.items()}
    thorough.get(target, TARGETS[target])(data)

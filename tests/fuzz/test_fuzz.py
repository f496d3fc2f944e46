"""Any bytes and any words: each target of `targets.py` is given inputs made to break it.

A short form runs with all tests, one with fifty times as many inputs with `--long`.
"""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bed.inside import ID
from clinvk.agents import registry as backends
from fuzz import inputs
from fuzz.targets import TARGETS, check

NATIVE = Path(__file__).parents[1] / "unit/agents/native"


@given(st.lists(st.binary(max_size=80) | st.sampled_from([b"\n", b"\r\n", b"\xff", b"a" * 65])))
def test_framing(pieces: list[bytes]) -> None:
    """Lines are the same however the bytes arrive."""
    check("framing", b"".join(pieces))


@pytest.mark.parametrize("name", backends.names())
@given(st.data())
def test_parsers(name: str, data: st.DataObject) -> None:
    """No output whatever breaks a parser, or what is written of its events."""
    check(f"parser-{name}", data.draw(inputs.streams_of(name).map(inputs.Input)))


@pytest.mark.parametrize("name", backends.names())
@given(st.data())
def test_native_files(name: str, data: st.DataObject) -> None:
    """No file of an agent's breaks the reader of its conversations."""
    check(f"native-{name}", data.draw(inputs.native_files(name, NATIVE).map(inputs.Input)))


@pytest.mark.parametrize(
    ("target", "like"),
    [
        ("record", f"sessions/{ID}.json"),
        ("transcript", f"transcripts/{ID}.jsonl"),
        ("index", "cache/index.sqlite3"),
        ("lock", f"sessions/{ID}.json"),
        ("config_cache", f"sessions/{ID}.json"),
    ],
)
@given(st.data())
def test_files_of_a_home(target: str, like: str, data: st.DataObject) -> None:
    """No file of a home breaks a command, or reaches a terminal through one."""
    check(target, data.draw(inputs.files_like(like).map(inputs.Input)))


@given(inputs.configurations())
def test_configurations(data: bytes) -> None:
    """A configuration is read or refused with its place, and no command breaks on it."""
    check("config", data)
    check("config_file", data)


@given(inputs.typed("0123", ID, "@last", "pr-1", "demo:", "../../x", "*", "%", "--"))
def test_references(data: bytes) -> None:
    """Whatever is typed for a session is one session or one sentence."""
    check("reference", data)


@given(inputs.typed("hello", '"', "-", '"hello world"', "-world", "\\", "(", "[", "*"))
def test_searches(data: bytes) -> None:
    """Whatever is sought has an answer."""
    check("search", data)


@given(inputs.typed("1h30m", "7d", "2025-01-27", "T10:00", "+23:59", "today", "9999-12-31", "0001"))
def test_words(data: bytes) -> None:
    """Durations, dates, names, tags and titles."""
    check("words", data)


@given(st.deferred(inputs.exports))
def test_imports(data: bytes) -> None:
    """An import is taken or refused, and writes nowhere else."""
    check("import", data)


@given(st.deferred(inputs.command_lines))
def test_command_lines(data: bytes) -> None:
    """Any words: a published exit status and never a traceback."""
    check("command_line", data)


def test_every_target_is_tried() -> None:
    """A target that nobody gives inputs to promises nothing."""
    source = Path(__file__).read_text("utf-8")
    assert list(NATIVE.iterdir())
    assert all(f'"{name.partition("-")[0]}' in source for name in TARGETS)

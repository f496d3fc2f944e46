"""Bytes to lines, however they are cut."""

import sys
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinvk.process.framing import LineFramer

ODD_BYTES = st.lists(
    st.sampled_from([b"a", b"\n", b"\r", b"\r\n", b"\0", b"\xff", b"\xe2\x80", b"\xa8", b"{}"])
).map(b"".join)


def frame(*chunks: bytes, max_line_bytes: int = 1 << 20) -> list[str]:
    """All lines of a stream that comes in these chunks."""
    framer = LineFramer(max_line_bytes)
    lines = [line for chunk in chunks for line in framer.feed(chunk)]
    return lines + framer.close()


@pytest.mark.parametrize(
    ("stream", "lines"),
    [
        (b"", []),
        (b"a\nb\n", ["a", "b"]),
        (b"a\r\nb\r\n", ["a", "b"]),
        (b"a\n\nb\n", ["a", "", "b"]),
        (b"a\nhalf", ["a", "half"]),
        (b"a\rb\n", ["a\rb"]),
        (b"a\0b\n", ["a\0b"]),
        (b"\xff\xfe\n", ["��"]),
        ("a\u2028b\x85c\x0cd\n".encode(), ["a\u2028b\x85c\x0cd"]),
    ],
    ids=["nothing", "lf", "crlf", "empty", "unended", "cr", "nul", "not-utf-8", "other-ends"],
)
def test_only_a_newline_ends_a_line(stream: bytes, lines: list[str]) -> None:
    """LF and CRLF end a line and nothing else does; the last line needs no end."""
    assert frame(stream) == lines


@given(st.lists(ODD_BYTES))
def test_any_split_into_chunks_gives_the_same_lines(chunks: list[bytes]) -> None:
    """Where a pipe cuts the stream makes no difference, even inside a character."""
    assert frame(*chunks) == frame(b"".join(chunks))


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", codec="utf-8"))))
def test_valid_text_is_unchanged(texts: list[str]) -> None:
    """Lines of valid text are the same after encoding and framing."""
    assert frame("".join(f"{text}\n" for text in texts).encode()) == texts


@given(st.lists(ODD_BYTES), st.integers(1, 6))
def test_a_line_that_is_too_long_is_cut_and_the_next_is_whole(
    chunks: list[bytes], limit: int
) -> None:
    """Each line is at most as long as allowed, and their number stays the same."""
    whole = frame(*chunks)
    cut = frame(*chunks, max_line_bytes=limit)
    assert len(cut) == len(whole)
    assert all(len(line) <= limit for line in cut)


@given(st.lists(ODD_BYTES), st.integers(1, 6))
def test_lines_that_lose_their_end_are_counted(chunks: list[bytes], limit: int) -> None:
    """However the pipe delivers them, and a carriage return at the end is none."""
    framers = LineFramer(limit), LineFramer(limit)
    for chunk in chunks:
        framers[0].feed(chunk)
    framers[0].close()
    whole = [*framers[1].feed(b"".join(chunks)), *framers[1].close()]
    assert framers[0].cut == framers[1].cut <= len(whole)
    longer = [line for line in b"".join(chunks).split(b"\n") if len(line) > limit]
    assert framers[0].cut >= len(longer)


def test_a_line_that_is_whole_is_not_counted() -> None:
    """Up to the limit, and what would be wider in memory."""
    framer = LineFramer(1 << 16)
    framer.feed(b"x" * (1 << 16) + b"\n" + b"short\n")
    assert framer.cut == 0
    framer.feed(b"x" * (1 << 16) + b"y\n")
    framer.feed("🙂".encode() + b"x" * (1 << 15) + b"\n")
    assert framer.cut == 2


def test_a_long_line_in_small_chunks_takes_linear_time() -> None:
    """Ten megabytes in pieces of 1 KiB; quadratic work would take minutes."""
    framer = LineFramer()
    began = time.monotonic()
    for _ in range(10_000):
        assert framer.feed(b"x" * 1024) == []
    assert [len(line) for line in framer.feed(b"\n")] == [10_240_000]
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("rare", ["", "é", "語", "🙂"], ids=["ascii", "latin", "bmp", "astral"])
def test_a_line_is_bounded_also_as_text(rare: str) -> None:
    """One character outside ASCII makes all of a text wider; its room is what is bounded."""
    limit = 1 << 16
    (line,) = frame((rare + "x" * limit).encode() + b"\n", max_line_bytes=limit)
    assert limit * 0.9 < sys.getsizeof(line) < limit + 200
    assert line.startswith(f"{rare}xxx")


def test_a_line_that_comes_byte_by_byte_takes_no_more_than_its_length() -> None:
    """What is held back is one piece of memory, not one for each time the pipe was read."""
    framer = LineFramer()
    tracemalloc.start()
    for _ in range(100_000):
        framer.feed(b"ab")
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 400_000

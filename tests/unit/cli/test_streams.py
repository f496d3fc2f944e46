"""The terminal as one object: what goes where, in which bytes, and what if nobody reads it."""

import io
import json
import os
import threading
import time

import pytest

from clinvk.cli.detect import streams_from
from clinvk.cli.encoding import encode
from clinvk.cli.pipe import LARGEST_BACKLOG
from clinvk.cli.streams import OutputClosed, Streams
from clinvk.errors import ClinvkError


class Tty(io.StringIO):
    """Text that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def text_over(fd: int, encoding: str = "utf-8") -> io.TextIOWrapper:
    """A stream as Python makes them for a process, over a descriptor."""
    return io.TextIOWrapper(os.fdopen(fd, "wb"), encoding=encoding)


@pytest.mark.parametrize(
    ("environ", "on_terminal", "in_pipe"),
    [
        ({}, True, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"TERM": "dumb"}, False, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"CLICOLOR_FORCE": "1"}, True, True),
        ({"FORCE_COLOR": "0"}, True, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True, True),
    ],
    ids=str,
)
def test_colour_is_what_terminal_and_environment_say(
    environ: dict[str, str],
    on_terminal: bool,  # noqa: FBT001  a column of the table
    in_pipe: bool,  # noqa: FBT001  as above
) -> None:
    """A terminal has colour and a pipe has none, unless the environment says otherwise."""
    assert streams_from(environ, None, Tty(), Tty()).color is on_terminal
    assert streams_from(environ, None, io.StringIO(), io.StringIO()).color is in_pipe


def test_colour_is_decided_for_each_output() -> None:
    """Messages that are redirected to a file have no colour, also with a colour terminal."""
    streams = streams_from({}, None, Tty(), io.StringIO())
    assert (streams.color, streams.err_color) == (True, False)


def test_the_configured_colour_wins() -> None:
    """`always` and `never` need no terminal, and `auto` brings back what the environment said."""
    streams = streams_from({}, None, Tty(), io.StringIO())
    never = streams.with_color("never")
    assert (never.color, never.err_color) == (False, False)
    assert never.with_color("always").err_color
    assert (never.with_color("auto").color, never.with_color("auto").err_color) == (True, False)


def test_without_colour_a_terminal_may_still_have_a_spinner() -> None:
    """`NO_COLOR` is about colour; only a dumb terminal cannot wipe a line."""
    assert streams_from({"NO_COLOR": "1"}, None, Tty(), Tty()).cursor
    assert not streams_from({"TERM": "dumb"}, None, Tty(), Tty()).cursor


def test_the_width_is_the_persons_word_or_a_default() -> None:
    """`COLUMNS` wins; where there is neither word nor terminal it is 80."""
    assert streams_from({"COLUMNS": "33"}, None, Tty(), Tty()).columns() == 33
    for nonsense in ("", "wide", "0", "-3", "²"):
        assert streams_from({"COLUMNS": nonsense}, None, Tty(), Tty()).columns() == 80


def test_closed_streams_are_no_reason_to_fail() -> None:
    """A process may be started without any of its streams: what it says is dropped."""
    streams = streams_from({}, None, None, None)
    streams.err("unheard")
    assert streams.read_stdin(100) == ""
    streams.out("data")
    streams.finish()


def test_output_is_written_at_once() -> None:
    """It can be read before anything is closed."""
    reading, writing = os.pipe()
    with text_over(writing) as stdout, os.fdopen(reading, "rb") as reader:
        Streams(stdin=None, stdout=stdout, stderr=None).out("pièce")
        assert reader.read(6) == "pièce".encode()


def test_a_reader_that_left_ends_the_output() -> None:
    """`| head` is told apart from a failure, and leaves nothing to complain about at exit."""
    reading, writing = os.pipe()
    os.close(reading)
    with text_over(writing) as stdout:
        streams = Streams(stdin=None, stdout=stdout, stderr=None)
        with pytest.raises(OutputClosed):
            streams.out("data")


def test_a_full_disk_is_an_error_with_a_reason() -> None:
    """Data that could not be written is not lost silently."""
    with text_over(os.open("/dev/full", os.O_WRONLY)) as stdout:
        streams = Streams(stdin=None, stdout=stdout, stderr=None)
        with pytest.raises(ClinvkError, match="no space left"):
            streams.out("data")


def test_messages_to_a_closed_stderr_are_dropped() -> None:
    """A stderr whose reader is gone does not stop the run."""
    reading, writing = os.pipe()
    os.close(reading)
    with text_over(writing) as stderr:
        Streams(stdin=None, stdout=None, stderr=stderr).err("unheard")


def test_a_pipe_that_does_not_block_gets_all_the_data() -> None:
    """A parent may leave the pipe non-blocking; a slow reader still gets every byte."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    data = "x" * 1_000_000
    received: list[bytes] = []

    def read() -> None:
        with os.fdopen(reading, "rb") as reader:
            received.append(reader.read())

    with text_over(writing) as stdout:
        thread = threading.Thread(target=read)
        thread.start()
        streams = Streams(stdin=None, stdout=stdout, stderr=None)
        streams.out(data)
        streams.finish()
    thread.join()
    assert received == [data.encode()]


def test_a_reader_that_stalls_does_not_hold_us_up() -> None:
    """Data waits for its reader, and whoever wrote it goes on; at the end one may leave."""
    reading, writing = os.pipe()
    with text_over(writing) as stdout:
        streams = Streams(stdin=None, stdout=stdout, stderr=None)
        data = "".join(f"{number}\n" for number in range(100_000))
        for piece in (data[:300_000], data[300_000:]):
            streams.with_color("never").out(piece)
        began = time.monotonic()
        streams.finish(0.05)
        assert time.monotonic() - began < 2
        received = b""
        while len(received) < len(data):
            received += os.read(reading, 1 << 16)
        streams.finish()
    os.close(reading)
    assert received.decode() == data


def test_the_run_is_looked_after_while_a_reader_keeps_us_waiting() -> None:
    """Again and again; once there is nothing to wait for, everything further is dropped."""
    reading, writing = os.pipe()
    with text_over(writing) as stdout:
        streams = Streams(stdin=None, stdout=stdout, stderr=None)
        asked = iter([True, True, False])
        streams.attend_with(lambda: next(asked))
        held = LARGEST_BACKLOG + (1 << 20)
        streams.out("a" * held)
        streams.out("b")
        assert list(asked) == []  # it was asked three times
        began = time.monotonic()
        streams.with_color("never").out("c")
        assert time.monotonic() - began < 2
        received = b""
        while len(received) < held:
            received += os.read(reading, 1 << 20)
        streams.out("d")
        streams.finish()
    assert os.read(reading, 100) == b""
    os.close(reading)
    assert received == b"a" * held


def test_a_reader_that_leaves_while_it_is_waited_for_ends_the_output() -> None:
    """What it was still to get is dropped, and the next data is told so."""
    reading, writing = os.pipe()
    with text_over(writing) as stdout:
        streams = Streams(stdin=None, stdout=stdout, stderr=None)
        streams.out("x" * 1_000_000)
        os.close(reading)
        streams.finish()
        with pytest.raises(OutputClosed):
            streams.out("more")


def test_data_and_talk_in_one_pipe_keep_their_order() -> None:
    """`2>&1 | less`: a slow reader sees both as they were said."""
    reading, writing = os.pipe()
    with text_over(writing) as stdout, text_over(os.dup(writing)) as stderr:
        streams = Streams(stdin=None, stdout=stdout, stderr=stderr)
        streams.out("x" * 200_000)
        streams.err("said")
        streams.out("y")
        received = b""
        while len(received) < 200_006:
            received += os.read(reading, 1 << 16)
        streams.finish()
    os.close(reading)
    assert received.endswith(b"xsaid\ny")


def test_json_shows_what_would_drive_or_deceive_a_terminal() -> None:
    """Controls and invisible characters are escapes, which say the same."""
    value = {"a": "\x7f\x9b31m\u202e\u200b\u2066\ufeff\U000e0041 é 漢"}
    stdout = io.StringIO()
    Streams(stdin=None, stdout=stdout, stderr=None).out_json(json.dumps(value, ensure_ascii=False))
    assert json.loads(stdout.getvalue()) == value
    assert stdout.getvalue().isprintable()
    assert "é 漢" in stdout.getvalue()


@pytest.mark.parametrize(
    ("text", "encoding", "written"),
    [
        ("é", "utf-8", "é".encode()),
        ("a\udce9", "utf-8", b"a\xe9"),
        ("a\ud800", "utf-8", b"a\\ud800"),
        ("é • …", "ascii", b"\\xe9 * ..."),
        ("é—", "latin-1", b"\xe9-"),
    ],
)
def test_every_text_has_bytes(text: str, encoding: str, written: bytes) -> None:
    """Undecodable bytes go out as they came in; what an encoding lacks is written as an escape."""
    assert encode(text, encoding) == written


def test_data_for_programs_is_utf8_in_any_locale() -> None:
    """JSON does not depend on where it is written."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as reader:
        with text_over(writing, "ascii") as stdout:
            Streams(stdin=None, stdout=stdout, stderr=None).out_utf8("é")
        assert reader.read() == "é".encode()


def test_stdin_survives_bytes_that_are_no_text() -> None:
    """A byte order mark is dropped, and a byte that is not UTF-8 is kept for the way out."""
    stdin = io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbfa\xff"), encoding="ascii")
    streams = Streams(stdin=stdin, stdout=None, stderr=None)
    assert encode(streams.read_stdin(100), "utf-8") == b"a\xff"


def test_the_next_output_erases_the_transient_line() -> None:
    """The spinner's line is erased before data and before messages, once."""
    stdout, stderr = Tty(), Tty()
    streams = streams_from({}, None, stdout, stderr)
    streams.draw("working", unless=lambda: False)
    streams.out("data\n")
    assert stderr.getvalue() == "\r\x1b[Kworking\r\r\x1b[K"
    streams.err("said")
    assert stderr.getvalue().endswith("\r\x1b[Ksaid\n")
    assert stdout.getvalue() == "data\n"


def test_a_transient_line_is_not_drawn_too_late() -> None:
    """The question whether it is still wanted is asked last, and a pipe never gets one."""
    stderr = Tty()
    streams_from({}, None, None, stderr).draw("working", unless=lambda: True)
    streams_from({"TERM": "dumb"}, None, None, stderr).draw("working", unless=lambda: False)
    assert stderr.getvalue() == ""


def test_a_question_is_asked_on_stderr_and_only_at_a_terminal() -> None:
    """The answer is what was typed; the end of the input is an empty one."""
    for typed, answer in (("yes \n", "yes"), ("", "")):
        err = io.StringIO()
        at_terminal = Streams(
            stdin=io.StringIO(typed), stdout=None, stderr=err, stdin_is_tty=True, stderr_is_tty=True
        )
        assert at_terminal.ask("sure?") == answer
        assert err.getvalue().startswith("sure? ")
    assert Streams(stdin=io.StringIO("yes\n"), stdout=None, stderr=None).ask("sure?") is None

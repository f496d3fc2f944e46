"""A terminal that keeps every byte it is sent, and what in them is not clinvk's own.

Unlike `terminal.Terminal`, which draws, this one shows what a terminal would have had to obey.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import pexpect

COLUMNS = 120
_OWN = re.compile(
    r"\r?\r\x1b\[K"  # the spinner's line: drawn, back to its start, wiped
    r"|(?:\x1b\[\d+A)?\r\x1b\[J|\r\x1b\[\d+C"  # a question: erased, and where its answer is typed
    r"|\x1b\[(?:0|39|49|9[0-6]|(?:[12349];)*(?:[12349]|3[1-6]))?m"
    r"|\x1b\[\d+G\x1b\[K(?=\r?\n)"  # the beginning of a word that moves to the next line
    r"|\x1b\[\d+A\r\x1b\[J"  # a table that becomes wider
    r"|\r?\n|\t"
)
_NEVER = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff\ud800-\udfff]"
)


def bytes_shown(  # noqa: PLR0913  what a terminal is given, each by its name
    program: Path,
    words: list[str],
    *,
    env: Mapping[str, str],
    cwd: str,
    typed: str = "",
    timeout_s: float = 30.0,
) -> tuple[int, bytes]:
    """The exit code, and every byte that a terminal on all three streams was sent.

    Each question of an agent is answered with no. No pager waits for keys.
    """
    child = pexpect.spawn(
        str(program),
        words,
        env={"PAGER": "", **env, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"},
        cwd=cwd,
        dimensions=(40, COLUMNS),
        timeout=timeout_s,
        echo=False,
    )
    child.send(typed)
    data = b""
    while child.expect_exact([b"Allow?", pexpect.EOF]) == 0:
        data += child.before + child.after
        child.send("n")
    data += child.before
    child.close()
    code = child.exitstatus
    return (code if code is not None else -int(child.signalstatus or 0)), data


def not_our_own(data: bytes) -> list[str]:
    """What was sent that drives or deceives a terminal, each with what stands around it."""
    return not_our_own_text(data.decode("utf-8", "surrogateescape"))


def not_our_own_text(text: str) -> list[str]:
    """The same of text that was not encoded yet."""
    rest = _OWN.sub("", text)
    return [
        f"{found[0]!r} in {rest[max(found.start() - 40, 0) : found.end() + 40]!r}"
        for found in _NEVER.finditer(rest)
    ]

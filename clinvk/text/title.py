"""A session's first title, made from its first prompt."""

import re

from clinvk.text.sanitize import safe_line
from clinvk.text.width import cut, display_width

UNTITLED = "untitled"
TITLE_COLUMNS = 60

# A prompt may be megabytes of pasted log; its topic is at the start.
_LOOKED_AT = 20_000
_FENCE = re.compile(r"\s*(?:`{3,}|~{3,})")
_LEAD = re.compile(r"\s*(?:#{1,6}\s+|[-*+•]\s+(?:\[[ xX]\]\s+)?|\d{1,4}[.)]\s+|>\s?)")
_TAG = re.compile(r"</?[A-Za-z!][^<>]{0,200}>")
_IMAGE_OR_LINK = re.compile(r"!?\[([^\[\]]{1,300})\]\([^()\s]{1,500}\)")
_MARKS = re.compile(r"\*\*|~~|`+|(?<!\w)\*(?=\w)|(?<=\w)\*(?!\w)")
_LONG_PATH = re.compile(r"(?<![\w/:.])(?:~|[A-Za-z]:)?[/\\](?:[\w.@+-]+[/\\]){2,}([\w.@+-]+)")
_WORD = re.compile(r"\w")


def title_from_prompt(prompt: str) -> str:
    """The first line of the prompt with a letter or digit, without markup, in at most 60 columns.

    Fenced blocks are skipped unless there is nothing else. Long absolute paths are shortened to
    their last part. `untitled` if no line has a letter or digit.
    """
    lines = prompt[:_LOOKED_AT].splitlines()
    for candidates in (_outside_fences(lines), lines):
        for line in candidates:
            title = _plain(line)
            if _WORD.search(title):
                return _cut_at_word(title, TITLE_COLUMNS)
    return UNTITLED


def _outside_fences(lines: list[str]) -> list[str]:
    outside: list[str] = []
    inside = False
    for line in lines:
        if _FENCE.match(line):
            inside = not inside
        elif not inside:
            outside.append(line)
    return outside


def _plain(line: str) -> str:
    if _FENCE.match(line):
        return ""
    text = safe_line(line[:4_000])
    while (lead := _LEAD.match(text)) is not None:
        text = text[lead.end() :]
    text = _IMAGE_OR_LINK.sub(r"\1", _TAG.sub(" ", text))
    text = _LONG_PATH.sub(r"\1", _MARKS.sub("", text))
    return safe_line(text)


def _cut_at_word(text: str, columns: int) -> str:
    if display_width(text) <= columns:
        return text
    head = cut(text, columns).removesuffix("…")
    if text[len(head) : len(head) + 1] != " ":
        at_word = head.rpartition(" ")[0]
        # A text without spaces (CJK, one long word) is cut between graphemes instead.
        if display_width(at_word) >= columns // 2:
            head = at_word
    return head.rstrip(" ,;:.-") + "…"

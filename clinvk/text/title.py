"""A session's first title, made from its first prompt."""

import re

from clinvk.text.sanitize import safe_line
from clinvk.text.width import cut, display_width

UNTITLED = "untitled"
TITLE_COLUMNS = 60

# A prompt may be megabytes of pasted log; its topic is at the start.
_LOOKED_AT = 20_000
_FENCES = ("```", "~~~")
_MARKED = frozenset("<[*~`/\\")
"""Each mark below has one of these, but a mark at the start of the line, which is no letter."""

# Text, which `re` compiles at its first use: most first prompts have no mark.
_LEAD = r"\s*(?:#{1,6}\s+|[-*+•]\s+(?:\[[ xX]\]\s+)?|\d{1,4}[.)]\s+|>\s?)"
_TAG = r"</?[A-Za-z!][^<>]{0,200}>"
_IMAGE_OR_LINK = r"!?\[([^\[\]]{1,300})\]\([^()\s]{1,500}\)"
_MARKS = r"\*\*|~~|`+|(?<!\w)\*(?=\w)|(?<=\w)\*(?!\w)"
_LONG_PATH = r"(?<![\w/:.])(?:~|[A-Za-z]:)?[/\\](?:[\w.@+-]+[/\\]){2,}([\w.@+-]+)"


def title_from_prompt(prompt: str) -> str:
    """The first line of the prompt with a letter or digit, without markup, in at most 60 columns.

    Fenced blocks are skipped unless there is nothing else. Long absolute paths are shortened to
    their last part. `untitled` if no line has a letter or digit.
    """
    lines = prompt[:_LOOKED_AT].splitlines()
    for candidates in (_outside_fences(lines), lines):
        for line in candidates:
            title = _plain(line)
            if any(char.isalnum() or char == "_" for char in title):
                return _cut_at_word(title, TITLE_COLUMNS)
    return UNTITLED


def _outside_fences(lines: list[str]) -> list[str]:
    outside: list[str] = []
    inside = False
    for line in lines:
        if line.lstrip().startswith(_FENCES):
            inside = not inside
        elif not inside:
            outside.append(line)
    return outside


def _plain(line: str) -> str:
    if line.lstrip().startswith(_FENCES):
        return ""
    text = safe_line(line[:4_000])
    if text[:1].isalpha() and _MARKED.isdisjoint(text):
        return text
    while (lead := re.match(_LEAD, text)) is not None:
        text = text[lead.end() :]
    text = re.sub(_IMAGE_OR_LINK, r"\1", re.sub(_TAG, " ", text))
    text = re.sub(_LONG_PATH, r"\1", re.sub(_MARKS, "", text))
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

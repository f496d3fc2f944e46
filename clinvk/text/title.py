"""A session's first title, made from its first prompt."""

import re
from collections.abc import Iterator

from clinvk.text.sanitize import safe_line
from clinvk.text.width import cut, display_width

UNTITLED = "untitled"
TITLE_COLUMNS = 60

# A prompt may be megabytes of pasted log; its topic is at the start.
_LOOKED_AT = 20_000
_FENCES = ("```", "~~~")
_FRONT_MATTER = {"---": ("---", "..."), "+++": ("+++",)}
"""The first line of front matter (YAML, TOML), and the lines that can end it."""

_MARKED = frozenset("<[*~`/\\")
"""Each mark below has one of these, but a mark at the start of the line, which is no letter."""

# Text, which `re` compiles at its first use: most first prompts have no mark.
_LEAD = (
    r"\s*(?:#{1,6}\s+|[-*+•]\s+(?:\[[ xX]\]\s+)?|\d{1,4}[.)]\s+|>\s?"
    r"|//+!?\s+|/\*+\s*|--\s+|[;%]+\s+|<!--\s*|\"\"\"\s*|'''\s*)"
)
_COMMENT_END = r"\s*(?:\*+/|-->|\"\"\"|''')\s*$"
# A type such as `List<String>` is no tag, and has its bracket right after a word.
_TAG = r"(?:</|(?<!\w)<)(?!!--)[A-Za-z!?][^<>]{0,200}>"
_COMMENT_BESIDE = r"(?<=\S)\s*<!--[^<>]{0,500}-->|^<!--[^<>]{0,500}-->\s*(?=\S)"
_UNCLOSED_TAG = r"<[A-Za-z][\w:.-]*(?:\s[^<>]*)?$"
_MATERIAL = (
    r"<((?:system|user|environment|project|additional)?[-_]?"
    r"(?:attachments?|code|context|data|diff|documents?|examples?|files?|history|info|logs?|memory"
    r"|output|reminder|stdin|stdout|stderr))(?:\s[^<>]*)?>"
)
"""An element with what the request is about, which is not the request."""

_MAPPING = r"\s*(?:#|$|[\w.\"'-]+\s*[:=])"
_IMAGE_OR_LINK = r"!?\[([^\[\]]{1,300})\]\([^()\s]{1,500}\)"
_MARKS = r"\*\*|~~|`+|(?<!\w)\*(?=\w)|(?<=\w)\*(?!\w)"
_LONG_PATH = r"(?<![\w/:.])(?:~|[A-Za-z]:)?[/\\](?:[\w.@+-]+[/\\]){2,}([\w.@+-]+)"


def title_from_prompt(prompt: str) -> str:
    """The first line of the prompt with a letter or digit, without markup, in at most 60 columns.

    Front matter, fenced blocks, HTML comments and elements with attached material (`<context>`,
    `<file>`) are skipped unless there is nothing else. Of other elements (`<task>`) only the tags
    are skipped. Long absolute paths are shortened to their last part. `untitled` if no line has a
    letter or digit.
    """
    lines = prompt[:_LOOKED_AT].splitlines()
    for candidates in (_request(lines), lines):
        for line in candidates:
            title = _plain(line)
            if any(char.isalnum() or char == "_" for char in title):
                return _cut_at_word(title, TITLE_COLUMNS)
    return UNTITLED


def _request(lines: list[str]) -> Iterator[str]:
    """The lines outside all that is skipped."""
    end = ""  # ends what is skipped now
    for line in lines[_front_matter(lines) :]:
        rest = line.lstrip()
        if not end:
            end = _end_of(rest)
            if not end:
                yield line
                continue
            if end in _FENCES:
                continue
        elif end in _FENCES:
            end = "" if rest.startswith(end) else end
            continue
        _, ended, after = rest.partition(end)
        if ended:
            end = ""
            yield after


def _end_of(start: str) -> str:
    """The end of what starts here and is skipped; empty if the line is not skipped."""
    if start.startswith(_FENCES):
        return start[:3]
    if not start.startswith("<"):
        return ""
    if start.startswith("<!--"):
        return "-->"
    material = re.match(_MATERIAL, start)
    if material is not None:
        return f"</{material[1]}>"
    return ">" if re.match(_UNCLOSED_TAG, start) else ""


def _front_matter(lines: list[str]) -> int:
    """The number of lines up to the end of the front matter; 0 if there is none."""
    first = next((at for at, line in enumerate(lines) if line.strip()), 0)
    ends = _FRONT_MATTER.get(lines[first].rstrip()) if lines else None
    if ends is None or not any(re.match(_MAPPING, line) for line in lines[first + 1 : first + 2]):
        return 0
    inside = enumerate(lines[first + 1 :], start=first + 1)
    return next((at + 1 for at, line in inside if line.rstrip() in ends), 0)


def _plain(line: str) -> str:
    if line.lstrip().startswith((*_FENCES, "#!")):
        return ""
    text = safe_line(line[:4_000])
    if text[:1].isalpha() and _MARKED.isdisjoint(text):
        return text
    text = re.sub(_TAG, " ", re.sub(_COMMENT_BESIDE, "", text))
    while (lead := re.match(_LEAD, text)) is not None:
        text = text[lead.end() :]
    text = re.sub(_IMAGE_OR_LINK, r"\1", re.sub(_COMMENT_END, "", text))
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

"""Markdown as a person sees it: all of it, as it comes, and never in another way afterwards."""

import re
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bed.budget import budget
from bed.drawn import Drawn
from clinvk.cli.paint import Paint
from clinvk.cli.render.markdown import MarkdownStream, rendered
from clinvk.text.sanitize import SafeStream

PLAIN, STYLED = Paint(styled=False, color=False), Paint(styled=True, color=True)
NO_COLOR = Paint(styled=True, color=False)

SHOWN = [
    pytest.param("a\nb\n\n\nc", "a b\n\nc", id="paragraphs"),
    pytest.param("a  \nb\\\nc", "a\nb\nc", id="hard breaks"),
    pytest.param("# a *b*\ntext\n### c", "a b\ntext\nc", id="headings"),
    pytest.param("#no\n####### no", "#no ####### no", id="no headings"),
    pytest.param("a\n===\nb\n---\n", f"a\n{'═' * 37}\nb\n{'─' * 37}", id="underlined"),
    pytest.param("***\n- - -\n", f"{'─' * 37}\n{'─' * 37}", id="rules"),
    pytest.param("1. a\n2. b\n10) c", " 1. a\n 2. b\n 10) c", id="ordered lists keep their dots"),
    pytest.param("- a\n  b\n* c\n+ d", " • a b\n • c\n • d", id="bullets"),
    pytest.param("- a\n\n- b", " • a\n\n • b", id="a loose list"),
    pytest.param(
        "- a\n  - b\n    1. c\n- d", " • a\n    • b\n       1. c\n • d", id="nested lists"
    ),
    pytest.param("1. a\n\n   b\n\n2. c", " 1. a\n\n    b\n\n 2. c", id="an item's paragraphs"),
    pytest.param("-\n- b", " •\n • b", id="an empty item"),
    pytest.param("we met in\n1999. It was", "we met in 1999. It was", id="a year is no list"),
    pytest.param("> a\nlazy\n> b\n\nc", "▌ a lazy b\n\nc", id="a quote"),
    pytest.param("> a\n>\n> > b\n> - c", "▌ a\n▌\n▌ ▌ b\n▌  • c", id="nested quotes"),
    pytest.param("```py\na\n\nb\n```\nc", "  a\n\n  b\nc", id="a fence"),
    pytest.param("a\n~~~\n```\n\n~~~\nb", "a\n  ```\n\nb", id="the other fence"),
    pytest.param("````\n```\n\n````\nb", "  ```\n\nb", id="a longer fence"),
    pytest.param("```a``` b\n\nc", "a b\n\nc", id="a code span"),
    pytest.param(
        "- a\n\n  ```\n  x\n\n   y\n  ```\n\nb",
        " • a\n\n     x\n\n      y\n\nb",
        id="a fence in an item",
    ),
    pytest.param("> ```\n> a\n> ```\n\nb", "▌   a\n\nb", id="a quoted fence"),
    pytest.param("> ```\n> a\nb", "▌   a\nb", id="a quote ends its fence"),
    pytest.param("```\nnever closed\n\na", "  never closed\n\n  a", id="an open fence"),
    pytest.param("    a\n\n    b\n\nc", "  a\n\n  b\n\nc", id="indented code"),
    pytest.param("```\n\ta\n```", "      a", id="a tab in code"),
    pytest.param("\n\n \n", "", id="nothing but blank lines"),
    pytest.param("**a** *b* _c_ ~~d~~ ***e***", "a b c d e", id="emphasis"),
    pytest.param("2 * 3 a_b_c **kw *x", "2 * 3 a_b_c **kw *x", id="no emphasis"),
    pytest.param("**a *b* c** d**e", "a b c d**e", id="nested emphasis"),
    pytest.param("`a`` b` ``c ` d``", "a`` b c ` d", id="code"),
    pytest.param("`a *b* [c](d)", "`a b c (d)", id="code that is not closed"),
    pytest.param(
        'See [a *b*](http://x/(y) "t") [c] [d](\n![p](q)',
        "See a b (http://x/(y)) [c] [d]( p (q)",
        id="links",
    ),
    pytest.param("<http://x> <b>bold</b> vec<int>", "http://x <b>bold</b> vec<int>", id="HTML"),
    pytest.param(r"\*a\* \q &amp; &copy; &no; &", r"*a* \q & © &no; &", id="escapes"),
    pytest.param(
        "| a | b |\n|---|--:|\n| one | 1 |\n| `x\\|y` | 22 |\nend",
        "a     b\n───  ──\none   1\nx|y  22\nend",
        id="a table",
    ),
    pytest.param("| a |\nb", "| a | b", id="no table"),
    pytest.param("a | b\n--- | ---\nc | d", "a | b\nc  d", id="a table without marks at its ends"),
    pytest.param(
        "| head | b |\n|--|--|\n| " + "w" * 30 + " | " + "v" * 30 + " |",
        "head: " + "w" * 30 + "\nb: " + "v" * 30,
        id="a table that does not fit",
    ),
]


@pytest.mark.parametrize(("text", "shown"), SHOWN)
def test_each_kind_of_block_and_mark_is_shown(text: str, shown: str) -> None:
    """What is understood is laid out, what is not is shown as it was written, and none is lost."""
    assert rendered(text, 37, PLAIN).removesuffix("\n") == shown


@pytest.mark.parametrize(("text", "shown"), SHOWN)
def test_what_comes_in_single_characters_is_the_same_in_the_end(text: str, shown: str) -> None:
    """A terminal that shows each piece at once ends with the same lines."""
    drawn = Drawn(37)
    stream = MarkdownStream(drawn.write, lambda: 37, STYLED, moves=True)
    for char in text:
        stream.feed(char)
    stream.end()
    # A row that does not fit turns a table that is on the screen into a list.
    assert drawn.text().removesuffix("\n") == shown


WORDS = [
    "a",
    "word",
    "**bold",
    "end**",
    "*",
    "`",
    "code",
    "日本語の",
    "👩🏽\u200d🚀",
    "e\u0301",
    "[x](y)",
    "[",
    "_",
]
STARTS = [
    "",
    "",
    "- ",
    "1. ",
    "> ",
    "# ",
    "```\n",
    "    ",
    "| a | b |\n|--|--|\n",
    "| ",
    "---",
    "  - ",
]
LINE = st.tuples(st.sampled_from(STARTS), st.lists(st.sampled_from(WORDS), max_size=12)).map(
    lambda parts: parts[0] + " ".join(parts[1])
)
MARKDOWN = st.lists(LINE, max_size=8).map("\n".join)


@given(MARKDOWN, st.integers(min_value=1, max_value=7), st.sampled_from([12, 25, 60]))
@example("\n\n    a a", 2, 12)
def test_what_is_seen_does_not_depend_on_the_pieces(text: str, size: int, columns: int) -> None:
    """Of any text, in pieces of any size, on any screen: it is that of the whole text."""
    drawn = Drawn(columns)
    stream = MarkdownStream(drawn.write, lambda: columns, STYLED, moves=True)
    safe = SafeStream(whole_lines=False)
    for at in range(0, len(text), size):
        stream.feed(safe.feed(text[at : at + size]))
    stream.feed(safe.flush())
    stream.end()
    assert not stream.mid_line
    whole = Drawn(columns)
    whole.write(rendered(text, columns, PLAIN))
    assert drawn.text() == whole.text()


@given(MARKDOWN)
def test_no_word_is_lost(text: str) -> None:
    """Letters and digits of the text are shown in their order, whatever stands around them."""
    shown = rendered(text.replace("```\n", ""), 60, PLAIN)
    wanted = re.sub(r"[^a-z日本語]", "", text)
    seen = re.sub(r"[^a-z日本語]", "", shown)
    # A table that does not fit repeats its head in each row.
    assert len(seen) >= len(wanted)
    if "|" not in text:
        assert seen == wanted


def test_each_word_is_shown_as_soon_as_it_is_there() -> None:
    """Also the beginning of one, and of a line; what may be a mark waits for its end."""
    drawn = Drawn(40)
    stream = MarkdownStream(drawn.write, lambda: 40, PLAIN, moves=True)
    seen = []
    for piece in (
        "wo",
        "rd ne",
        "xt **bo",
        "ld** ",
        "`co",
        "de`\n",
        "- ",
        "it",
        "em\n",
        "```\nx = ",
        "1\n",
    ):
        stream.feed(piece)
        seen.append(drawn.text())
    assert seen == [
        *("wo", "word ne", "word next", "word next bold", "word next bold", "word next bold code"),
        "word next bold code",
        "word next bold code\n • it",
        "word next bold code\n • item",
        "word next bold code\n • item\n",
        "word next bold code\n • item\n  x = 1\n",
    ]


def test_a_mark_that_is_not_closed_does_not_hold_the_text() -> None:
    """After some hundred characters it is text."""
    for mark in ("**", "`", "[", "<a:", "~~"):
        drawn = Drawn(40)
        stream = MarkdownStream(drawn.write, lambda: 40, PLAIN, moves=True)
        stream.feed(f"a {mark}b" + " word" * 100)
        assert drawn.text().startswith(f"a {mark}b word word")


@pytest.mark.parametrize("columns", [20, 50, 80, 120])
def test_what_is_shown_is_hardly_ever_erased(columns: int) -> None:
    """Of an answer, only beginnings of words that did not fit on their lines, and never a line."""
    text = "\n\n".join(["some words of **an answer** that is long enough for a few lines"] * 20)
    drawn = Drawn(columns)
    stream = MarkdownStream(drawn.write, lambda: columns, STYLED, moves=True)
    for char in text:
        stream.feed(char)
    stream.end()
    lines = drawn.text().count("\n")
    assert drawn.erased <= lines * len("enough")
    assert drawn.highest == 0


def test_a_table_is_drawn_again_only_while_it_is_on_the_screen() -> None:
    """What has scrolled away is never written again: its columns stay as they are."""
    drawn = Drawn(80)
    stream = MarkdownStream(drawn.write, lambda: 80, PLAIN, moves=True, rows=lambda: 10)
    stream.feed("| a | b |\n|--|--|\n")
    assert drawn.text() == "a  b\n─  ─\n"
    for number in range(40):
        stream.feed(f"| {'x' * (number + 1)} | {number} |\n")
        assert f"{'x' * min(number + 1, 5)}" in drawn.text()
    stream.end()
    assert drawn.highest < 10
    shown = drawn.text()
    assert all(re.search(rf"^x* +{number}$", shown, re.MULTILINE) for number in range(40))
    assert shown.count("x") == sum(range(1, 41))


def test_a_resized_window_doubles_and_loses_nothing() -> None:
    """What is there stays, and the text goes on in lines of the new width."""
    words = [f"word{number}" for number in range(200)]
    width = 40
    written: list[str] = []
    stream = MarkdownStream(written.append, lambda: width, PLAIN, moves=True)
    for at, word in enumerate(words):
        width = 20 + at % 50 if at % 3 == 0 else width
        stream.feed(f"{word[:3]}")
        stream.feed(f"{word[3:]} ")
    stream.end()
    drawn = Drawn(1_000)
    drawn.write("".join(written))
    assert drawn.text().split() == words


def test_no_color_keeps_bold_and_underline() -> None:
    """And a terminal that is dumb gets no sequence at all."""
    text = "# a\n\n**b** `c`\n\n```py\nx = 1\n```"
    assert rendered(text, 40, NO_COLOR) == ("\x1b[1;4ma\x1b[0m\n\n\x1b[1mb\x1b[0m c\n\n  x = 1\n")
    assert "\x1b[36mc\x1b[0m" in rendered(text, 40, STYLED)
    assert "\x1b" not in rendered(text, 40, PLAIN)


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        ("py", ['"""one', 'two"""', "x = 1  # c", "(", ")"]),
        ("c", ["/* one", "two */", "int x;"]),
        ("diff", ["- a", "+ b"]),
        ("no-such-language", ["a"]),
        ("", ["a"]),
        ("json", ['{"a": [1, true]}', "x" * 3_000]),
        ("html", ["<b>&amp;</b><script>var a = 1;</script>"]),
    ],
)
def test_code_has_colours_and_is_as_it_was(language: str, lines: list[str]) -> None:
    """Each line by itself, as it comes; the colours change none of its characters."""
    code = "".join(f"{line}\n" for line in lines)
    shown = rendered(f"```{language}\n{code}```", 80, STYLED)
    assert re.sub(r"\x1b\[[\d;]*m", "", shown) == "".join(f"  {line}\n" for line in lines)
    if language in {"py", "json", "diff"}:
        assert "\x1b[" in shown
    if language == "py":
        assert shown.splitlines()[1] == '  \x1b[32mtwo\x1b[0m\x1b[32m"""\x1b[0m'


@pytest.mark.parametrize(
    "block",
    [
        "<https://e.com/%1B]52;c;cHduZWQ=%1B%5C>",
        "<https://e.com/%C2%9B31m>",
        "[a](https://e.com/%1B%5B2J)",
        "a &#27;[2J &#x9b;31m &#7; &#13; b",
        "&#x202E;gpj.exe &#x200B;&#x2066;",
        "| a &#27;]0;t&#7; | b |\n|--|--|\n| &#x202E; | d |",
        "```&#27;[2J\n&#27;[2J\n```",
        "# &#27;[2J\n\n- &#x9d;0;x&#x9c;\n\n> &#155;",
    ],
)
def test_text_that_markdown_decodes_is_made_safe_too(block: str) -> None:
    """An entity or a percent escape becomes text, which must not control the terminal either."""
    shown = rendered(block, 80, PLAIN)
    assert all(char.isprintable() or char == "\n" for char in shown), ascii(shown)


def _pieces(count: int, text: str) -> Callable[[], None]:
    def run() -> None:
        stream = MarkdownStream(lambda _: None, lambda: 80, STYLED, moves=True)
        for _ in range(count):
            stream.feed(text)
        stream.end()

    return run


@pytest.mark.parametrize(
    "piece",
    ["*a ", "[a", "[](", "`a", "``b", "&", "<a", "> ", "- ", "    ", "|", "_a_b", "x", "日", "1. "],
)
def test_hostile_text_costs_in_proportion(piece: str) -> None:
    """Twice the pieces are twice the steps, whatever is opened and never closed."""
    from bed.counted import in_proportion, steps_of

    assert in_proportion(
        lambda count: steps_of(_pieces(count, piece)), budget(600, long=2_000), besides=60_000
    )

"""A question without a terminal: its lines, and what each key does."""

from pathlib import Path
from typing import Any

import pytest

from bed.raw_terminal import not_our_own_text
from clinvk.cli.asking.body import Signs
from clinvk.cli.asking.question import Mode, Question
from clinvk.cli.panel import Panel
from clinvk.model.events import PermissionRequest
from clinvk.model.permission import Decision, FileEdit, ToolKind
from clinvk.text.width import display_width

PLAIN = Signs(color=False)


def request(**fields: Any) -> PermissionRequest:
    """A request to run a command."""
    asked = {"tool": "Bash", "kind": ToolKind.EXECUTE, "summary": "ls", "command": "ls"}
    return PermissionRequest(id="1", **{**asked, **fields})


def question(cwd: Path | str = "/code", signs: Signs = PLAIN, **fields: Any) -> Question:
    """The question for such a request."""
    return Question(request(**fields), agent="Agent", cwd=str(cwd), signs=signs)


def panel(asked: Question, columns: int = 80, rows: int = 24, *, place: str = "") -> Panel:
    """How it looks when it can be answered."""
    return asked.panel(columns, rows, place=place, elapsed="12s", ready=True)


def text(asked: Question, columns: int = 80, rows: int = 24) -> str:
    """The same as text."""
    return "\n".join(panel(asked, columns, rows).lines)


@pytest.mark.parametrize(
    ("keys", "decision", "reason", "command"),
    [
        ("y", Decision.ALLOW, None, None),
        ("Y", Decision.ALLOW, None, None),
        ("a", Decision.ALLOW_TURN, None, None),
        ("n", Decision.DENY, None, None),
        ("s", Decision.STOP, None, None),
        (["r", "n", "o", "enter"], Decision.DENY, "no", None),
        (["r", "enter"], Decision.DENY, None, None),
        (["e", " ", "-", "a", "enter"], Decision.ALLOW, None, "ls -a"),
        (["e", "enter"], Decision.ALLOW, None, None),
        (["e", "cut-start", "enter", "p", "s", "enter"], Decision.ALLOW, None, "ps"),
        (["r", "x", "escape", "v", "y", "q", "?", "y", "n"], Decision.DENY, None, None),
    ],
    ids=str,
)
def test_what_the_keys_answer(
    keys: list[str], decision: Decision, reason: str | None, command: str | None
) -> None:
    """The last key answers, and none before it."""
    asked = question(editable=True)
    *others, last = keys
    assert [asked.press_all([key]) for key in others] == [None] * len(others)
    answer = asked.press_all([last])
    assert answer is not None
    assert (answer.id, answer.decision) == ("1", decision)
    assert (answer.reason, answer.command) == (reason, command)


@pytest.mark.parametrize(
    "key", ["enter", "escape", " ", "j", "x", "unknown", "up", "delete", "e", "0", "\uff59"]
)
def test_no_other_key_answers(key: str) -> None:
    """Nor does `e` where the agent takes no other command."""
    asked = question()
    assert asked.press_all([key]) is None
    assert asked.mode is Mode.ASK


def test_several_keys_at_once_answer_nothing() -> None:
    """They were pasted, or typed into another window in thought."""
    asked = question()
    assert asked.press_all(["y", "e", "s"]) is None
    assert asked.mode is Mode.ASK


@pytest.mark.parametrize("keys", [["v", "qy"], ["?", "xy"], ["r", "\x1by"], ["e", "\x1ba"]])
def test_keys_at_once_that_show_the_question_again_do_not_answer_it(keys: list[str]) -> None:
    """What follows in the same piece was typed before the question was on the screen again."""
    asked = question(editable=True)
    first, pasted = keys
    asked.press_all([first])
    at_once = ["escape" if key == "\x1b" else key for key in pasted]
    assert asked.press_all(at_once) is None
    assert asked.mode is Mode.ASK


def test_a_line_end_in_a_pasted_command_does_not_run_it() -> None:
    """The whole command can be read before Enter runs it."""
    asked = question(editable=True)
    asked.press_all(["e"])
    assert asked.press_all(["cut-start", *"rm a", "enter", *"ls", "enter"]) is None
    assert "Run instead: rm a↵ls↵" in text(asked)
    asked.press_all(["backspace"])
    answer = asked.press_all(["enter"])
    assert answer is not None
    assert answer.command == "rm a\nls"


def test_a_pasted_reason_is_a_reason() -> None:
    """Keys at once are text once text is asked for; what follows Enter is dropped."""
    asked = question()
    asked.press_all(["r"])
    answer = asked.press_all([*"not here", "enter", "y"])
    assert answer is not None
    assert (answer.decision, answer.reason) == (Decision.DENY, "not here")


def test_it_says_who_wants_what_where(tmp_path: Path) -> None:
    """The agent, the command, the tool, the place in the queue, the directory, the reason."""
    asked = question(tmp_path, command="git push\n  --force", reason="to publish")
    shown = "\n".join(panel(asked, 200, place="2 of 3").lines)
    assert "? Agent asks to run a command (`Bash`, 2 of 3)" in shown
    assert f"  in {tmp_path}" in shown
    assert "│ $ git push\n│     --force\n│ because: to publish" in shown
    assert shown.rstrip().endswith("Allow? 12s")


def test_a_change_is_a_diff_with_the_file_on_disk(tmp_path: Path) -> None:
    """Relative to the directory; red and green with their signs, so also without colours."""
    (tmp_path / "a.py").write_text("".join(f"line {number}\n" for number in range(1, 10)))
    edit = FileEdit(path=str(tmp_path / "a.py"), old="line 5\n", new="five\n")
    fields: dict[str, Any] = {
        "tool": "Edit",
        "kind": ToolKind.EDIT,
        "command": None,
        "paths": (str(tmp_path / "a.py"),),
        "edits": (edit,),
    }
    shown = text(question(tmp_path, **fields))
    assert "? Agent asks to change a.py (`Edit`)" in shown
    assert "│ @@ -2,7 +2,7 @@\n│  line 2\n│  line 3\n│  line 4\n│ -line 5\n│ +five\n" in shown
    assert "outside" not in shown
    coloured = text(question(tmp_path, Signs(), **fields))
    assert "\x1b[31m-line 5\x1b[0m" in coloured
    assert "\x1b[32m+five\x1b[0m" in coloured


def test_the_head_of_an_agents_own_diff_is_not_repeated() -> None:
    """The headline has the one path; with several each stays, and nothing else is left out."""
    head = ["--- /code/a.py", "+++ /code/a.py"]
    fields: dict[str, Any] = {"tool": "Edit", "kind": ToolKind.EDIT, "command": None}
    diff = "\n".join([*head, "@@ -1,1 +1,1 @@", "-a", "+b"])
    shown = text(question(paths=("/code/a.py",), diff=diff, **fields))
    assert "│ @@ -1,1 +1,1 @@\n│ -a\n│ +b\n" in shown
    assert "---" not in shown
    shown = text(question(paths=("/code/a.py", "b.py"), diff=diff, **fields))
    assert "│ --- /code/a.py\n│ +++ /code/a.py\n" in shown
    shown = text(question(paths=("/code/c.py",), diff=diff, **fields))
    assert "│ --- /code/a.py\n│ +++ /code/a.py\n" in shown
    shown = text(question(paths=("/code/a.py",), diff="--- a\n+++ b", **fields))
    assert "│ --- a\n│ +++ b\n" in shown


def test_a_path_that_the_headline_cuts_is_shown_below() -> None:
    """So that its end can be read."""
    path = f"/code/{'deep/' * 40}end.py"
    asked = question(tool="Edit", kind=ToolKind.EDIT, command=None, paths=(path,))
    assert "end.py" in text(asked).replace("\n┆ ", "")


@pytest.mark.parametrize("path", ["../other", "/etc/passwd", "link/file", "link/../x"])
def test_a_file_elsewhere_is_said_to_be_outside(tmp_path: Path, path: str) -> None:
    """A link out of the directory too."""
    (tmp_path / "here").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "here" / "link").symlink_to(tmp_path / "other")
    asked = question(
        tmp_path / "here", tool="Edit", kind=ToolKind.EDIT, command=None, paths=(path,)
    )
    assert f"outside the working directory: {path}" in text(asked, 200)


HOSTILE = "\x1b[2J\x1b[1;1Hx\r\n\x9b31m\u202e\u2066\u200b\xad\u3164\xa0\ud800\x07│ Allow? \t`"


def test_nothing_of_the_agent_leaves_the_frame() -> None:
    """Every field of a request is hostile: each row with its text begins with our bar."""
    asked = question(
        tool=HOSTILE,
        summary=HOSTILE,
        command=HOSTILE,
        paths=(HOSTILE, HOSTILE),
        diff=HOSTILE,
        reason=HOSTILE,
        editable=True,
    )
    rows = panel(asked, 100, 60).lines
    assert not_our_own_text("\n".join(rows)) == []
    assert [row for row in rows if row.startswith("Allow?")] == [rows[-1]]
    begins = ("? Agent asks", "  in /code", "  y yes · a yes", "  r no, with a", "│ ", "┆ ")
    assert [row for row in rows[1:-1] if not row.startswith(begins)] == []
    assert "<U+202E><U+2066><U+200B>" in "".join(row.removeprefix("┆ ") for row in rows)
    asked.press_all(["e"])
    assert not_our_own_text(text(asked)) == []


@pytest.mark.parametrize("columns", [20, 50, 79, 200])
@pytest.mark.parametrize("rows", [8, 24, 60])
@pytest.mark.parametrize("mode", ["", "r", "e", "v", "?"])
def test_it_fits_every_screen(columns: int, rows: int, mode: str) -> None:
    """No row would be wrapped, and none scrolls away; the cursor is in the last one."""
    asked = question(
        command="".join(f"echo 写 {'x' * number}\n" for number in range(200)),
        tool="mcp__" + "server" * 20,
        editable=True,
    )
    if mode:
        asked.press_all([mode])
    shown = panel(asked, columns, rows, place="2 of 3")
    assert all(display_width(line) < columns for line in shown.lines)
    assert shown.column < columns
    assert len(shown.lines) <= rows


def test_what_does_not_fit_can_be_viewed_page_by_page() -> None:
    """The end is reached from the start, and nothing is left out in between."""
    diff = "".join(f"+{number}\n" for number in range(1, 101))
    asked = question(tool="Edit", kind=ToolKind.EDIT, command=None, diff=diff)
    shown = text(asked, rows=20)
    assert "more lines, `v` shows all" in shown
    kept = sum(line.startswith("│ +") for line in shown.splitlines())
    assert f"… {100 - kept} more lines" in shown
    asked.press_all(["v"])
    seen: list[str] = []
    for _ in range(20):
        seen += [line[3:] for line in panel(asked, rows=20).lines if line.startswith("│ +")]
        asked.press_all([" "])
    assert list(dict.fromkeys(seen)) == [str(number) for number in range(1, 101)]
    asked.press_all(["home"])
    assert "│ +1\n" in text(asked, rows=20)
    asked.press_all(["G"])
    assert text(asked, rows=20).splitlines()[-2] == "│ +100"
    asked.press_all(["b"])
    assert "│ +100" not in text(asked, rows=20)


def test_a_line_of_ten_megabytes_costs_a_screen() -> None:
    """Only what is shown is laid out."""
    asked = question(command="写" * 3_500_000)
    shown = panel(asked, 50, 24).lines
    assert "more lines" in "\n".join(shown)
    assert sum("写" in line for line in shown) < 24


def test_without_utf8_the_frame_has_plain_signs() -> None:
    """The bars are those that the terminal's encoding has."""
    shown = text(question(signs=Signs(bar="|", further=":", color=False), command="x" * 100), 50)
    assert "\n| $ xxx" in shown
    assert "\n: xxx" in shown


def test_until_it_is_ready_it_does_not_look_so() -> None:
    """A person sees when the keys count."""
    shown = question().panel(80, 24, place="", elapsed="0s", ready=False)
    assert "Allow?" not in shown.lines[-1]

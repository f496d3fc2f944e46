"""Declared agents that print what no agent should: the turn ends typed, and all else goes on."""

import sys
from pathlib import Path

import pytest

from bed.bare import bare_command
from bed.command import Command

CONFIG = """\
backends:
  toy:
    declared:
      program: {python}
      start: [-c, {script}, start{ident}]
      resume: [-c, {script}, resume, "--id={{conversation}}"]
      output: {{format: {format}{places}}}
"""
PLACES = ", conversation: id, text: text"


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """The installed `clinvk` without agents."""
    return bare_command(tmp_path)


def declare(clinvk: Command, script: str, output: str = "jsonl") -> None:
    """Declare a toy that is this line of Python."""
    home = Path(clinvk.home.clinvk_home)
    home.mkdir(mode=0o700, exist_ok=True)
    said = {"python": sys.executable, "format": output}
    places = "" if output == "text" else PLACES
    said["ident"] = ', "--id={conversation}"' if output == "text" else ""
    quoted = "'" + script.replace("'", "''") + "'"
    (home / "config.yaml").write_text(CONFIG.format(script=quoted, places=places, **said))


@pytest.mark.parametrize("output", ["jsonl", "json", "text"])
@pytest.mark.parametrize(
    "script",
    [
        "pass",
        "import os; os.write(1, bytes(range(128, 256)) * 99)",
        "print(chr(91) * 3000000)",
        "import os; os.close(1); os.close(2)",
    ],
    ids=["nothing", "no UTF-8", "deep brackets", "closed at once"],
)
def test_output_without_an_answer_is_a_failure(clinvk: Command, script: str, output: str) -> None:
    """In plain text, all output is the answer; JSON either has an answer or not."""
    declare(clinvk, script, output)
    ran = clinvk("-b", "toy", "-o", "json", "x")
    printed = output == "text" and "os.close" not in script and script != "pass"
    assert (ran.exit_code == 0) == printed, ran.stderr[-500:]
    assert ran.exit_code in {0, 1}
    assert ran.json()["exit_status"] == ran.exit_code
    assert "Traceback" not in ran.stderr
    assert clinvk("sessions", "list", "--json").exit_code == 0


def test_a_line_of_ten_megabytes_is_an_answer_like_any_other(clinvk: Command) -> None:
    """Or it is one that is too long, and said to be."""
    declare(clinvk, 'import json; print(json.dumps({"id": "c", "text": "x" * 10_000_000}))')
    ran = clinvk("-b", "toy", "-o", "json", "x").json()
    assert (ran["exit_status"], len(ran["text"])) == (0, 10_000_000)


@pytest.mark.parametrize("ident", ["-rf", "--id=x", "../../x", "a b", "", "\\u001b[31m"])
def test_an_invalid_id_is_never_put_on_a_command_line(clinvk: Command, ident: str) -> None:
    """The turn that printed it is kept; continuing it is refused, and starts nothing."""
    script = (
        "import json, sys, pathlib;"
        ' pathlib.Path("argv").write_text(repr(sys.argv));'
        f' print(json.dumps({{"id": "{ident}", "text": "x"}}))'
    )
    declare(clinvk, script)
    assert clinvk("-b", "toy", "x").exit_code == 0
    again = clinvk("-c", "y")
    said = (clinvk.home.project / "argv").read_text()
    assert "resume" not in said
    assert again.exit_code == 4, again
    assert "\x1b" not in again.stderr


def test_a_session_keeps_its_conversation_when_a_further_turn_names_another(
    clinvk: Command,
) -> None:
    """Exit 4, and the next turn asks for the first one again."""
    script = (
        "import json, sys, uuid;"
        ' print(json.dumps({"id": uuid.uuid4().hex, "text": " ".join(sys.argv[1:])}))'
    )
    declare(clinvk, script)
    first = clinvk("-b", "toy", "-o", "json", "x").json()
    for failed in (1, 2):
        ran = clinvk("-c", "-o", "json", "y")
        assert ran.exit_code == 4, ran
        assert ran.json()["error"]["code"] == "conversation_gone"
        assert first["backend_session_id"] in ran.json()["error"]["message"]
        session = clinvk("sessions", "show", "@last", "--json").json()
        assert session["backend_session_id"] == first["backend_session_id"]
        assert session["turns"] == 1 + failed  # it did answer, and that is not taken back

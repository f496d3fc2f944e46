"""`sessions export`, `import` and the forms of `show`, through the installed command."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from bed.bare import bare_command
from bed.command import Command
from bed.published import check_export, check_home


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """The installed `clinvk` in a home with no agent on its PATH."""
    return bare_command(tmp_path)


def _tree(home: Path) -> dict[str, bytes]:
    """Every record and transcript by its name."""
    files = [*home.glob("sessions/*"), *home.glob("transcripts/*")]
    return {str(path.relative_to(home)): path.read_bytes() for path in files}


@pytest.fixture
def two(clinvk: Command) -> list[str]:
    """The ids of two sessions: one with tools, a failure and what a later version wrote."""
    clinvk("-b", "demo", "-s", "first", "-t", "x", "--access", "edit", "/think hm\n/write f y\nhi")
    clinvk("-c", "/fail overloaded")
    clinvk("-b", "demo", "-s", "second", "--title", "größer 😀", "## not a heading")
    ids = [clinvk("sessions", "show", name, "--json").json()["id"] for name in ("first", "second")]
    record = Path(clinvk.home.clinvk_home) / "sessions" / f"{ids[0]}.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "mood": {"good": 1.5}}))
    return ids


def _export(clinvk: Command, *words: str | Path) -> str:
    ran = clinvk("sessions", "export", *words)
    assert ran.exit_code == 0, ran.stderr
    return ran.stdout


def test_an_import_restores_exactly_what_was_exported(
    clinvk: Command, two: list[str], tmp_path: Path
) -> None:
    """Records with unknown fields, transcripts byte for byte; a second import changes nothing."""
    home = Path(clinvk.home.clinvk_home)
    transcript = home / "transcripts" / f"{two[0]}.jsonl"
    transcript.write_bytes(transcript.read_bytes() + b'{"damaged\xff\n\n{"a":1}\n')
    file, other = tmp_path / "export.json", {"CLINVK_HOME": str(tmp_path / "other")}
    assert _export(clinvk, *two, "--format", "json", "-O", file) == ""
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text(encoding="utf-8") == _export(clinvk, "first", *two, "--json")
    ran = clinvk("sessions", "import", file, "--trust", env=other)
    assert (ran.exit_code, ran.stdout, ran.stderr) == (0, "imported 2 sessions\n", "")
    before, after = _tree(home), _tree(tmp_path / "other")
    assert before.keys() == after.keys()
    for name, content in before.items():
        if name.startswith("transcripts"):
            assert after[name] == content
        else:
            there = json.loads(after[name])
            assert there.pop("imported")  # that it came from elsewhere
            assert there == json.loads(content)
    told = clinvk("sessions", "export", *two, "--json", env=other).json()
    assert all(one["record"].pop("imported") for one in told["sessions"])
    assert told == json.loads(file.read_text(encoding="utf-8"))
    again = clinvk("sessions", "import", file, "--trust", "--json", env=other)
    nothing = {key: [] for key in ("imported", "updated", "different", "refused", "warnings")}
    assert again.json() == {**nothing, "present": two}
    assert _tree(tmp_path / "other") == after
    piped = clinvk(
        "sessions", "import", "-", "--trust", stdin=file.read_text(encoding="utf-8"), env=other
    )
    assert piped.stdout == "imported 0 sessions; 2 already here\n"
    # The demo agent's conversations are in the first home.
    assert clinvk("-s", "second", "--if-missing", "replay", "go on", env=other).exit_code == 0


def test_what_is_here_as_it_was_exported_is_not_different(clinvk: Command, tmp_path: Path) -> None:
    """Also if the session was given an access, which an import does not carry."""
    clinvk("-b", "demo", "--access", "edit", "--system-prompt", "Be brief.", "-s", "kept", "one")
    file = tmp_path / "kept.json"
    file.write_text(clinvk("sessions", "export", "kept", "-o", "json").stdout, "utf-8")
    again = clinvk("sessions", "import", file)
    assert (again.stdout, again.stderr) == ("imported 0 sessions; 1 already here\n", "")


def test_an_import_overwrites_nothing(clinvk: Command, two: list[str], tmp_path: Path) -> None:
    """A session that exists is passed by, counted, and the way to take a newer copy is named."""
    file = tmp_path / "export.json"
    _export(clinvk, *two, "--json", "-O", file)
    clinvk("-s", "first", "one turn more")
    clinvk("sessions", "delete", "second", "-y")
    before = _tree(Path(clinvk.home.clinvk_home))
    ran = clinvk("sessions", "import", file)
    assert ran.exit_code == 0
    assert ran.stdout == "imported 1 session; 1 already here, 1 of them different\n"
    assert ran.stderr.startswith("hint: `--update` takes")
    after = _tree(Path(clinvk.home.clinvk_home))
    assert {name: after[name] for name in before} == before
    check_home(clinvk.home.clinvk_home)


def test_a_name_in_use_is_dropped_with_a_warning(
    clinvk: Command, two: list[str], tmp_path: Path
) -> None:
    """Names are unique, and a second import recognizes the sessions of the first one."""
    file, other = tmp_path / "export.json", {"CLINVK_HOME": str(tmp_path / "other")}
    _export(clinvk, "first", "--json", "-O", file)
    clinvk("-b", "demo", "-s", "first", "mine", env=other)
    ran = clinvk("sessions", "import", file, env=other)
    assert (ran.exit_code, ran.stdout) == (0, "imported 1 session\n")
    assert "warning: " in ran.stderr
    assert "without its name" in ran.stderr
    assert clinvk("sessions", "show", two[0], "--json", env=other).json()["name"] is None
    again = clinvk("sessions", "import", file, env=other)
    assert (again.stdout, again.stderr) == ("imported 0 sessions; 1 already here\n", "")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda one: one["record"].update(id="../../x"), "sessions[1].record.id"),
        (lambda one: one["record"].update(schema=99), "a newer clinvk wrote it"),
        (lambda one: one.pop("transcript"), "sessions[1].transcript is not a list"),
        (lambda one: one["transcript"].append(3), "sessions[1].transcript["),
    ],
    ids=["id", "schema", "no-transcript", "line"],
)
def test_a_malformed_session_ends_the_import_before_anything_of_it_is_written(
    clinvk: Command, two: list[str], tmp_path: Path, change: Any, why: str
) -> None:
    """The session before it is imported and complete, and the sentence says so."""
    value = json.loads(_export(clinvk, *two, "--json"))
    check_export(value)
    change(value["sessions"][1])
    file, other = tmp_path / "export.json", tmp_path / "other"
    file.write_text(json.dumps(value))
    ran = clinvk("sessions", "import", file, env={"CLINVK_HOME": str(other)})
    assert (ran.exit_code, ran.stdout) == (4, "")
    assert why in ran.stderr.splitlines()[0]
    assert "1 session before that imported" in ran.stderr.splitlines()[0]
    assert {name.partition(".")[0].rpartition("/")[2] for name in _tree(other)} == {two[0]}
    check_home(other)
    assert not (tmp_path / "x.json").exists()


def test_markdown_reads_as_a_conversation(clinvk: Command, two: list[str]) -> None:
    """Front matter, prompts and answers; `show --markdown` says the same."""
    text = _export(clinvk, "second")
    front, body = text.removeprefix("---\n").split("---\n", 1)
    assert yaml.safe_load(front)["id"] == two[1]
    assert yaml.safe_load(front)["title"] == "größer 😀"
    assert "### Prompt\n\n> ## not a heading\n" in body
    assert clinvk("sessions", "show", "second", "--markdown").stdout == text
    one = clinvk("sessions", "show", "first", "--markdown", "--turn", "2").stdout
    assert "## Turn 2\n" in one
    assert "## Turn 1\n" not in one
    assert "**Failed:**" in one
    both = _export(clinvk, "first", "second", "-O", "both.md")
    assert both == ""
    written = (Path(clinvk.home.project) / "both.md").read_text(encoding="utf-8")
    assert [one["id"] for one in yaml.safe_load(written.split("---\n")[1])["sessions"]] == two


def test_an_export_replaces_no_file(clinvk: Command, two: list[str], tmp_path: Path) -> None:
    """Exit 2 with the way out; a folder that is not there is said to be."""
    del two
    mine = tmp_path / "mine.md"
    mine.write_text("mine")
    ran = clinvk("sessions", "export", "first", "-O", mine)
    assert (ran.exit_code, mine.read_text()) == (2, "mine")
    assert "not overwritten" in ran.stderr
    assert "hint: " in ran.stderr
    assert clinvk("sessions", "export", "first", "-O", tmp_path).exit_code == 2
    assert clinvk("sessions", "export", "first", "-O", tmp_path / "no" / "x").exit_code == 1


def test_a_redacted_export_says_how_much_is_missing(clinvk: Command) -> None:
    """The home is `~`, a secret is a mark, also where it came in pieces."""
    home = clinvk.home.home
    clinvk("-b", "demo", f"use sk-ant-abcdef1234567890 in {home}/x", env={"LANG": "C.UTF-8"})
    for words in ([], ["--json"]):
        whole = _export(clinvk, "@last", *words)
        ran = clinvk("sessions", "export", "@last", "--redact", *words)
        assert "sk-ant" in whole
        assert "sk-ant" not in ran.stdout
        assert f"{home}/x" not in ran.stdout
        assert "~/x" in ran.stdout
        secrets, paths = ran.stdout.count("[redacted]"), whole.count(str(home))
        assert ran.stderr == f"redacted: {secrets} secrets, {paths} home paths\n"


def test_only_the_answer_is_printed_with_answer(clinvk: Command, two: list[str]) -> None:
    """Of the last turn or of one by its number, ready for a pipe."""
    del two
    clinvk("-b", "demo", "/say one\n/say two")
    assert clinvk("sessions", "show", "@last", "--answer").stdout == "one\ntwo\n"
    clinvk("-c", "/say three")
    assert clinvk("sessions", "show", "@last", "--answer").stdout == "three\n"
    assert clinvk("sessions", "show", "@last", "--answer", "--turn", "1").stdout == "one\ntwo\n"
    failed = clinvk("sessions", "show", "first", "--answer")
    assert (failed.exit_code, failed.stdout) == (0, "")
    assert failed.stderr == "turn 2 has no answer\n"
    shown = clinvk("sessions", "show", "first", "--turn", "1")
    assert "Tools:             Write f (ok)\n" in shown.stdout
    assert clinvk("sessions", "show", "first", "--turn", "1", "--json").json()["turn"] == 1


@pytest.mark.parametrize(
    ("words", "exit_code", "sentence"),
    [
        (["show", "first", "--answer", "--json"], 2, "cannot be used with"),
        (["show", "first", "--markdown", "--json"], 2, "cannot be used with"),
        (["show", "first", "--answer", "--markdown"], 2, "cannot be used with"),
        (["show", "first", "--answer", "--turn", "3"], 4, "has no turn 3"),
        (["show", "first", "--markdown", "--turn", "3"], 4, "has no turn 3"),
        (["export"], 2, "give either sessions or `--all`"),
        (["export", "--all", "first"], 2, "give either sessions or `--all`"),
        (["export", "first", "nope"], 4, "there is no session `nope`"),
        (["export", "../x"], 4, "there is no session"),
        (["export", "first", "--format", "xml"], 2, "`--format`"),
        (["export", "first", "--format", "markdown", "--json"], 2, "cannot be used with"),
        (["export", "first", "-O", ""], 2, "`--output` is empty"),
        (["import"], 2, "missing argument"),
        (["import", "nope.json"], 2, "`nope.json` cannot be read"),
        (["import", "."], 2, "`.` cannot be read"),
        (["import", "-"], 4, "`stdin` cannot be imported: it is not JSON"),
        (["import", "x" * 5000], 2, "cannot be read"),
        (["import", "/dev/null"], 4, "it is not JSON"),
    ],
)
def test_a_wrong_use_is_one_sentence_with_a_hint(
    clinvk: Command, two: list[str], words: list[str], exit_code: int, sentence: str
) -> None:
    """`error:` and `hint:` on stderr, nothing on stdout, nothing written."""
    del two
    before = _tree(Path(clinvk.home.clinvk_home))
    ran = clinvk("sessions", *words)
    if ran.exit_code == 0:
        pytest.fail(ran.stdout)
    told = ran.json()["error"]["message"] if "--json" in words else ran.stderr.splitlines()[0]
    assert ran.exit_code == exit_code, ran.stderr
    assert sentence in told
    if "--json" not in words:
        assert (ran.stdout, "\nhint: " in ran.stderr) == ("", True)
    assert _tree(Path(clinvk.home.clinvk_home)) == before


def test_an_existing_file_is_only_replaced_on_request(
    clinvk: Command, two: list[str], tmp_path: Path
) -> None:
    """Without `--force` it is unchanged; either way it is said what was written."""
    file = tmp_path / "export.md"
    ran = clinvk("sessions", "export", "first", "-O", file)
    assert (ran.exit_code, ran.stdout) == (0, "")
    assert ran.stderr == f"exported 1 session as Markdown to {file}\n"
    before = file.read_bytes()
    refused = clinvk("sessions", "export", *two, "-o", "json", "-O", file)
    error = refused.json()["error"]
    assert refused.exit_code == 2
    assert "already exists" in error["message"]
    assert "`--force`" in error["hint"]
    assert file.read_bytes() == before
    ran = clinvk("sessions", "export", *two, "-o", "json", "-O", file, "--force")
    assert (ran.exit_code, ran.stdout) == (0, "")
    assert ran.stderr == f"exported 2 sessions as JSON to {file}\n"
    assert len(json.loads(file.read_text(encoding="utf-8"))["sessions"]) == 2
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    piped = clinvk("sessions", "export", "first")
    assert (piped.exit_code, piped.stderr) == (0, "")
    unneeded = clinvk("sessions", "export", "first", "--force")
    assert (unneeded.exit_code, unneeded.stdout) == (2, "")

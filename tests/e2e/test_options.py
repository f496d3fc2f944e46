"""What most agents have and clinvk has one option for, seen at the model and on the disk."""

import base64
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bed.command import Command
from bed.mock_model import MockModel
from bed.setups import SETUPS
from clinvk.agents import registry as backends
from clinvk.agents.base import Backend, Capability
from e2e.docs_session import DOCS, blocks

PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
    "rkJggg=="
)
SCHEMA = {
    "type": "object",
    "properties": {"word": {"type": "string"}},
    "required": ["word"],
    "additionalProperties": False,
}
VALUE = {"word": "x"}


def _can(backend: Backend, access: str) -> set[Capability]:
    lacked = {*backend.lacks, *(backend.lacks_when_asking if access == "ask" else ())}
    return {*Capability} - lacked


def _options(clinvk: Command, elsewhere: Path, can: set[Capability]) -> Iterator[str]:
    """The options that it has, with paths that are relative or have a blank."""
    if Capability.IMAGES in can:
        (clinvk.home.project / "a dot.png").write_bytes(base64.b64decode(PICTURE))
        yield "--image=a dot.png"
    if Capability.ANSWER_SCHEMA in can:
        (clinvk.home.project / "form.json").write_text(json.dumps(SCHEMA))
        yield "--schema=form.json"
    if Capability.ADD_DIR in can:
        yield f"--add-dir={elsewhere}"
    if Capability.EFFORT in can:
        yield "--effort=max"


@pytest.mark.every_agent
@pytest.mark.parametrize("access", ["edit", "ask"])
def test_picture_schema_directory_and_effort_reach_the_agent(
    clinvk: Command, server: MockModel, backend: str, access: str, tmp_path: Path
) -> None:
    """On both channels; the directory and the effort also in the next turn, without saying so."""
    agent, setup = backends.get(backend), SETUPS[backend]
    if Capability(access) in agent.lacks:
        pytest.skip("it has not this access")
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    can = _can(agent, access)
    allowed = ["--allow=Edit"] if access == "ask" else []
    writes = f"[[write:{elsewhere}/one.txt|1]]" if Capability.ADD_DIR in can else ""
    says = setup.in_form.format(json.dumps(VALUE)) if Capability.ANSWER_SCHEMA in can else ""
    options = [*_options(clinvk, elsewhere, can), *setup.able, *allowed]
    how = ("-b", backend, "--access", access, "-o", "json")
    ran = clinvk(*how, *options, f"look {writes}{says}")
    assert ran.exit_code == 0, ran.stdout + ran.stderr
    result = ran.json()
    sent = json.dumps([one.body for one in server.requests])
    if Capability.IMAGES in can:
        assert PICTURE[:32] in sent or "data:image/jpeg;base64," in sent  # one makes it a JPEG
    if Capability.ANSWER_SCHEMA in can:
        assert "additionalProperties" in sent
        assert (result["structured"], json.loads(result["text"])) == (VALUE, VALUE)
    if Capability.EFFORT in can:
        assert setup.most_effort in sent
    if Capability.ADD_DIR in can:
        assert (elsewhere / "one.txt").read_text().strip() == "1"
    if access == "ask" or not can & {Capability.ADD_DIR, Capability.EFFORT}:
        return
    before = len(server.requests)
    again = writes.replace("one.txt|1", "two.txt|2")
    assert clinvk("-c", f"go on {again}").exit_code == 0
    if Capability.EFFORT in can:
        later = json.dumps([one.body for one in server.requests[before:]])
        assert setup.most_effort in later
    if Capability.ADD_DIR in can:
        assert (elsewhere / "two.txt").read_text().strip() == "2"


def test_an_answer_in_another_form_is_a_failure(clinvk: Command) -> None:
    """Codex's service promises the form, and the mock does not keep it; in every form of output."""
    (clinvk.home.project / "form.json").write_text(json.dumps(SCHEMA))
    how = ("-b", "codex", "--schema=form.json", '[[say:{"word": 1}]]')
    ran = clinvk(*how, "-o", "json")
    result = ran.json()
    assert (ran.exit_code, result["error"]["code"]) == (1, "schema_mismatch")
    assert "at `word`: 1 is not of type 'string'" in result["error"]["message"]
    assert (result["structured"], result["text"]) == (None, '{"word": 1}')
    assert (result["status"], result["usage"]["input_tokens"]) == ("error", 100)
    *_, failed, last = clinvk(*how, "-o", "stream-json").json_lines()
    assert (failed["type"], failed["code"]) == ("error", "schema_mismatch")
    assert (last["structured"], last["error"]["code"]) == (None, "schema_mismatch")
    turn = clinvk("sessions", "show", "@last", "--turn", "1", "--json").json()
    assert (turn["structured"], turn["error"]["code"]) == (None, "schema_mismatch")


def test_the_guides_lines_work_as_they_stand(clinvk: Command, server: MockModel) -> None:
    """What `scripts.md` shows, with Claude Code; the piped text is a part of the prompt."""
    (block,) = [one for one in blocks(DOCS / "scripts.md") if one.said("recipe") == "options"]
    project = clinvk.home.project
    for name in ("before", "after"):
        (project / f"{name}.png").write_bytes(base64.b64decode(PICTURE))
    risk = {"type": "object", "properties": {"level": {"type": "string"}}}
    (project / "risk.json").write_text(json.dumps(risk))
    (project / "change.diff").write_text('[[tool:StructuredOutput|{"level": "low"}]]')
    (project.parent / "lib").mkdir()
    path = f"{clinvk.program.parent}:{clinvk.home.env['PATH']}"
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.body],
        cwd=project,
        env={**clinvk.home.env, "PATH": path, "CLINVK_BACKEND": "claude"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ran.returncode, ran.stdout.splitlines()[1]) == (0, '"low"'), ran
    assert json.dumps(server.requests[0].body).count(PICTURE) == 2
    assert SETUPS["claude"].most_effort in json.dumps(server.requests[-1].body)


def test_an_effort_of_the_configuration_applies_unless_the_option_is_given(clinvk: Command) -> None:
    """`backends.NAME.effort`, like the model; a session keeps it."""
    assert clinvk("config", "set", "backends.claude.effort", "high").exit_code == 0
    assert "--effort high" in clinvk("-b", "claude", "--dry-run", "hello").stdout.replace("=", " ")
    low = clinvk("-b", "claude", "--effort", "low", "--dry-run", "hello").stdout
    assert "--effort low" in low.replace("=", " ")

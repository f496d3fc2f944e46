"""What only Gemini CLI does about access: its plan mode has a way out, and folders are trusted."""

import pytest

from bed.command import Command

OUT_OF_PLAN_MODE = (
    '[[tool:write_file|{"file_path": "p.md", "content": "A plan."}]]'
    '[[tool:exit_plan_mode|{"plan_filename": "p.md"}]] [[run:echo out > out.txt]]'
)
INTO_PLAN_MODE = '[[tool:enter_plan_mode|{"reason": "to leave it"}]]'


@pytest.mark.parametrize(
    ("access", "prompt"),
    [("read-only", OUT_OF_PLAN_MODE), ("edit", INTO_PLAN_MODE + OUT_OF_PLAN_MODE)],
)
def test_a_model_does_not_get_out_of_its_access(clinvk: Command, access: str, prompt: str) -> None:
    """Left to itself 0.61.0 lets it leave plan mode into full access; nothing is on disk here."""
    result = clinvk("-b", "gemini", "--access", access, "-o", "json", prompt).json()
    assert result["exit_status"] == 0, result
    assert not list(clinvk.home.project.iterdir())
    assert any(warning.startswith("not allowed: ") for warning in result["warnings"])


def test_read_only_overrides_the_users_own_rules(clinvk: Command) -> None:
    """Tools that the user always allows, in every mode, are not allowed in a read-only session."""
    policies = clinvk.home.home / ".gemini" / "policies"
    policies.mkdir()
    (policies / "mine.toml").write_text(
        '[[rule]]\ntoolName = ["write_file", "run_shell_command"]\n'
        'decision = "allow"\npriority = 999\nallowRedirection = true\n'
    )
    prompt = "[[run:echo x > made.txt]]"
    clinvk("-b", "gemini", prompt)
    assert (clinvk.home.project / "made.txt").exists(), "the rule allows it where it counts"
    (clinvk.home.project / "made.txt").unlink()
    clinvk("-b", "gemini", "--access", "read-only", prompt)
    assert not (clinvk.home.project / "made.txt").exists()


def test_a_directory_that_is_not_trusted_is_refused_with_the_ways_out(clinvk: Command) -> None:
    """Trust is a matter of the person and the agent: clinvk does not give it unasked."""
    unset = {"GEMINI_CLI_TRUST_WORKSPACE": ""}
    ran = clinvk("-b", "gemini", "-o", "json", "hello", env=unset)
    error = ran.json()["error"]
    assert (ran.exit_code, error["code"]) == (5, "option_refused")
    assert "not running in a trusted directory" in error["message"]
    assert "--backend-arg=--skip-trust" in error["hint"]
    asked = clinvk("-c", "--backend-arg=--skip-trust", "-o", "json", "hello", env=unset).json()
    assert asked["exit_status"] == 0, asked

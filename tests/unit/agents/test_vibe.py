"""What vibe is started with, and how it says that it stopped."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from clinvk.agents.registry import get
from clinvk.errors import BackendUnsupportedError
from clinvk.model.access import Access
from clinvk.model.conversation import TurnMode
from clinvk.model.effort import Effort
from clinvk.model.events import Message, Result, StopReason, Warned
from clinvk.model.failure import FailureCode
from clinvk.model.request import FOLDER, TurnRequest

VIBE = get("vibe")
SESSION = "123e4567-e89b-12d3-a456-426614174000"
CONFIG = """
active_model = "mine"
[[models]]
name = "long-name"
provider = "house"
alias = "mine"
[[models]]
name = "other"
provider = "away"
"""


def ask(**asked: Any) -> TurnRequest:
    """A request for a turn."""
    return TurnRequest(prompt="p", cwd=Path("/project/deep"), **asked)


def profile(**asked: Any) -> dict[str, Any]:
    """The profile of such a turn."""
    return tomllib.loads(VIBE.invocation(ask(**asked)).files["clinvk.toml"])


def end_of(exit_code: int | None, stderr: str, *lines: str) -> Result:
    """The result of a child that ended like this."""
    parser = VIBE.parser(ask())
    for line in lines:
        list(parser.feed(line))
    result = list(parser.finish(exit_code, stderr))[-1]
    assert isinstance(result, Result)
    return result


def entry(kind: str, **fields: Any) -> str:
    """A line of its stream."""
    return json.dumps({"id": "e1", "sessionId": SESSION, "type": kind, **fields})


def said(words: str, **fields: Any) -> str:
    """An answer."""
    return entry("message", role="assistant", content=[{"type": "text", "text": words}], **fields)


def test_without_access_and_system_prompt_it_has_its_own_profile() -> None:
    """Nothing is set that the person did not ask for."""
    invocation = VIBE.invocation(ask())
    assert invocation.argv == ("vibe", "-p", "--output=streaming")
    assert (invocation.env, invocation.files) == ({}, {})


@pytest.mark.parametrize(
    ("access", "bash", "edit"),
    [
        (Access.READ_ONLY, "never", "never"),
        (Access.ASK, "ask", "ask"),
        (Access.EDIT, "ask", "always"),
    ],
)
def test_the_profile_of_an_access_names_every_tool_that_changes_something(
    access: Access, bash: str, edit: str
) -> None:
    """The person's own settings, and a repository's, may allow it."""
    written = profile(access=access, system_prompt="s")
    tools = {name: one["permission"] for name, one in written["tools"].items()}
    assert tools == {"bash": bash, "edit": edit, "write_file": edit}
    assert written["bypass_tool_permissions"] is False


@pytest.mark.parametrize("access", [Access.READ_ONLY, Access.ASK])
def test_an_access_that_allows_less_always_has_its_profile(access: Access) -> None:
    """Not the agent's own `ask`, which a person may have replaced."""
    assert profile(access=access) | {"instructions": "s"} == profile(
        access=access, system_prompt="s"
    )


def test_edit_and_full_have_the_agents_own_profiles() -> None:
    """So that the command can be run as it is shown; what the settings allow besides is not."""
    edit, full = (VIBE.invocation(ask(access=one)) for one in (Access.EDIT, Access.FULL))
    assert (edit.argv[-1], full.argv[-1]) == ("--agent=accept-edits", "--agent=auto-approve")
    assert json.loads(edit.env["VIBE_TOOLS"]) == {"bash": {"permission": "ask"}}
    assert (edit.files, full.files, full.env) == ({}, {}, {})


def test_read_only_enables_only_tools_that_read() -> None:
    """All others are denied, also within its scripts."""
    assert profile(access=Access.READ_ONLY)["enabled_tools"] == ["read_file", "grep", "skill"]


def test_a_turn_can_have_no_profile_but_its_own() -> None:
    """Else it would go on in the one of the turn before, which may allow more."""
    for access in Access:
        request = ask(access=access, conversation=SESSION, mode=TurnMode.RESUME)
        env = VIBE.invocation(request).env
        assert json.loads(env["VIBE_AGENT_PATHS"]) == [f"{{{FOLDER}}}"]
        assert json.loads(env["VIBE_ENABLED_AGENTS"]) == ["clinvk", "explore"]
        assert env["VIBE_DEFAULT_AGENT"] == "clinvk"


def test_a_further_turn_has_its_own_model_again() -> None:
    """Else it would go on with the one of the turn before."""
    again = {"conversation": SESSION, "mode": TurnMode.RESUME}
    texts = {"config.toml": CONFIG}
    assert profile(**again, texts=texts)["active_model"] == "mine"
    assert profile(**again, texts=texts, model="other")["active_model"] == "other"
    assert profile(**again)["active_model"] == ""
    trusted = {**texts, "trusted_folders.toml": 'trusted = ["/project"]'}
    assert "active_model" not in profile(**again, texts=trusted)
    [declared] = profile(**again, texts=texts, effort=Effort.MAX)["models"].items()
    assert (declared[0], declared[1]["thinking"]) == ("mine", "max")


def test_a_further_turn_keeps_a_profile_of_the_persons_own() -> None:
    """What it sets is not known."""
    texts = {"config.toml": 'default_agent = "mine"'}
    request = ask(conversation=SESSION, mode=TurnMode.RESUME, texts=texts)
    assert VIBE.invocation(request).argv[-1] == f"--resume={SESSION}"


def test_no_command_is_allowed_beforehand_where_it_asks() -> None:
    """It allows some commands by itself."""
    assert profile(access=Access.ASK)["tools"]["bash"]["allowlist"] == []


@pytest.mark.parametrize("words", ["plain", 'a "quoted"\nline \\ é 😀', "\x7f\t\x01"])
def test_a_system_prompt_is_in_the_profile_as_it_was_given(words: str) -> None:
    """In a text of TOML."""
    assert profile(system_prompt=words)["instructions"] == words


@pytest.mark.parametrize(
    ("config", "setting"),
    [
        ("", {"tools": {"edit": {"permission": "always"}, "write_file": {"permission": "always"}}}),
        ('default_agent = "ask"', {}),
        ('default_agent = "auto-approve"', {"bypass_tool_permissions": True}),
    ],
)
def test_a_system_prompt_alone_keeps_what_the_agent_may_do(
    config: str, setting: dict[str, Any]
) -> None:
    """The profile takes the place of the one that the person uses."""
    written = profile(system_prompt="s", texts={"config.toml": config})
    assert written == {"display_name": "clinvk", "instructions": "s", **setting}


def test_a_profile_of_the_persons_own_cannot_get_a_system_prompt() -> None:
    """What it sets is not known."""
    texts = {"config.toml": 'default_agent = "mine"'}
    with pytest.raises(BackendUnsupportedError, match="profile of your own"):
        VIBE.invocation(ask(system_prompt="s", texts=texts))


@pytest.mark.parametrize("model", ["mine", "other", "mistral-medium-3.5"])
def test_a_model_that_the_settings_name_is_only_chosen(model: str) -> None:
    """By the name that they give it."""
    env = VIBE.invocation(ask(model=model, texts={"config.toml": CONFIG})).env
    assert env == {"VIBE_ACTIVE_MODEL": model}


@pytest.mark.parametrize(
    ("effort", "named", "built_in"),
    [("low", "low", "off"), ("medium", "medium", "high"), ("max", "max", "high")],
)
def test_an_effort_is_set_for_the_model_that_is_used(
    effort: str, named: str, built_in: str
) -> None:
    """The one of the settings; the one that the agent has itself thinks or does not."""

    def declared(config: str) -> dict[str, Any]:
        request = ask(effort=Effort(effort), texts={"config.toml": config})
        models: dict[str, Any] = json.loads(VIBE.invocation(request).env["VIBE_MODELS"])
        return models

    about = {"name": "long-name", "alias": "mine", "provider": "house"}
    assert declared(CONFIG) == {"mine": {**about, "thinking": named}}
    [theirs] = declared("").values()
    assert theirs["thinking"] == built_in


@pytest.mark.parametrize(
    ("config", "environ", "provider"),
    [
        (CONFIG, {}, "house"),
        (CONFIG, {"VIBE_ACTIVE_MODEL": "other"}, "away"),
        ("", {}, "mistral"),
        ("no TOML [", {}, "mistral"),
    ],
)
def test_any_other_model_is_asked_of_the_persons_own_provider(
    config: str, environ: dict[str, str], provider: str
) -> None:
    """Else the agent would silently take its default."""
    texts = {"config.toml": config}
    env = VIBE.invocation(ask(model="new", texts=texts, environ=environ)).env
    declared = {"new": {"name": "new", "alias": "new", "provider": provider}}
    assert (env["VIBE_ACTIVE_MODEL"], json.loads(env["VIBE_MODELS"])) == ("new", declared)


@pytest.mark.parametrize(
    ("folders", "heeds"),
    [
        ('trusted = ["/project"]', True),
        ('trusted = ["/project"]\nuntrusted = ["/project/deep"]', False),
        ('trusted = ["/proj", "/elsewhere"]', False),
        ("", False),
    ],
)
def test_it_reads_a_repositorys_settings_only_where_the_person_trusts_it(
    folders: str, *, heeds: bool
) -> None:
    """The nearest decision counts."""
    assert VIBE.runs_always(ask(texts={"trusted_folders.toml": folders})) is heeds


def test_another_directory_is_refused() -> None:
    """It would silently work in the old one."""
    request = ask(conversation=SESSION, mode=TurnMode.RESUME, elsewhere=True)
    with pytest.raises(BackendUnsupportedError, match="another directory"):
        VIBE.refuse_unsupported(request)


@pytest.mark.parametrize(
    ("reason", "code", "stop"),
    [
        ("turn_limit", FailureCode.TURN_LIMIT, StopReason.MAX_TURNS),
        ("price_limit", FailureCode.BUDGET_LIMIT, StopReason.BUDGET),
        ("token_limit", FailureCode.BUDGET_LIMIT, StopReason.BUDGET),
        ("terminated", FailureCode.KILLED, StopReason.ERROR),
    ],
)
def test_a_limit_is_told_by_the_last_line(reason: str, code: FailureCode, stop: StopReason) -> None:
    """On stderr, with exit code 3."""
    result = end_of(3, f"Reading\nStopped: {reason}\n", said("So far"))
    assert result.failure is not None
    assert (result.failure.code, result.stop_reason, result.text) == (code, stop, "So far")


@pytest.mark.parametrize(
    ("reason", "stop"), [("length", StopReason.LENGTH), ("refusal", StopReason.FILTERED)]
)
def test_an_answer_that_was_cut_off_is_one(reason: str, stop: StopReason) -> None:
    """It is no failure, but not complete."""
    result = end_of(3, f"Stopped: {reason}", said("So far"))
    assert (result.failure, result.stop_reason) == (None, stop)


@pytest.mark.parametrize(
    ("status", "words", "code"),
    [
        (429, "Slow down.", FailureCode.RATE_LIMITED),
        (429, "You exceeded your current quota", FailureCode.BUDGET_LIMIT),
        (500, "Sorry", FailureCode.SERVER_ERROR),
        (404, "The model `x` does not exist", FailureCode.MODEL_UNKNOWN),
        (403, "session not found: of the service's", FailureCode.AUTH),
    ],
)
def test_the_words_of_the_service_are_in_the_second_line(
    status: int, words: str, code: FailureCode
) -> None:
    """The first one has only the address."""
    told = f"Error: Client error '{status}' for url 'http://x/v1'\n"
    more = f"For more information check: https://x/docs/{status}: {words}\n"
    why = end_of(2, f"Reading API keys from the system keyring\n{told}{more}").failure
    assert why is not None
    assert (why.code, why.message) == (code, words)


def test_an_answer_that_was_discarded_is_none() -> None:
    """The agent asks again for one that is shorter."""
    parser = VIBE.parser(ask())
    events = list(parser.feed(said("long", outcome={"type": "discarded"})))
    events += parser.feed(said("short", outcome={"type": "committed"}))
    assert [one.text for one in events if isinstance(one, Message)] == ["short"]


def test_a_notice_of_an_error_is_a_warning() -> None:
    """Others, of hooks that have run, are nothing to read."""
    parser = VIBE.parser(ask())
    list(parser.feed(said("hi")))
    assert list(parser.feed(entry("notice", level="info", message="m"))) == []
    assert list(parser.feed(entry("notice", level="error", message="m"))) == [Warned(message="m")]

"""What a person forbids opencode in settings of their own stays forbidden in each session."""

import json

import pytest

from bed.budget import some
from bed.command import Command

FORBIDDEN = {"edit": "deny", "read": {"*": "allow", "secret.txt": "deny"}}
PLACES = ("content", "permission", "file", "tools")


def forbid(clinvk: Command, place: str) -> dict[str, str]:
    """Forbid it in one of the places; what is returned are variables."""
    if place == "content":
        return {"OPENCODE_CONFIG_CONTENT": f'{{"permission": {json.dumps(FORBIDDEN)}, /* no */ }}'}
    if place == "permission":
        return {"OPENCODE_PERMISSION": json.dumps(FORBIDDEN)}
    file = clinvk.home.home / ".config" / "opencode" / "opencode.json"
    more = {"tools": {"edit": False, "read": False}} if place == "tools" else {}
    said = {"permission": FORBIDDEN} if place == "file" else more
    file.write_text(json.dumps({**json.loads(file.read_text()), **said}))
    return {}


@pytest.mark.parametrize("place", some(PLACES, 1))
def test_what_the_user_forbids_is_not_done_with_edit(clinvk: Command, place: str) -> None:
    """A file is neither written nor read."""
    env = forbid(clinvk, place)
    secret = clinvk.home.project / "secret.txt"
    secret.write_text("the secret\n")
    made = clinvk.home.project / "made.txt"
    prompt = f"[[write:{made}|x]]"
    clinvk("-b", "opencode", "--access", "edit", prompt, env=env)
    assert not made.exists()
    read = f'[[tool:read|{{"filePath": "{secret}"}}]]'
    clinvk("-c", read, env=env)
    assert "the secret" not in clinvk("sessions", "show", "--json").stdout
    clinvk("-b", "opencode", "--access", "edit", prompt, env={"OPENCODE_CONFIG_CONTENT": "{}"})
    assert made.exists() == (place in {"content", "permission"}), "else nothing was tested"


@pytest.mark.parametrize(
    "said",
    some(
        [
            {"tools": {"write": False}},
            {"permission": {"ed*": "deny"}},
            {"permission": {"*t": "deny"}},
            {"permission": {"edit": "{env:PP}"}},
        ],
        1,
    ),
    ids=str,
)
def test_what_is_forbidden_in_other_words_is_not_done(
    clinvk: Command, said: dict[str, object]
) -> None:
    """Wildcards, old names and variables forbid too."""
    file = clinvk.home.home / ".config" / "opencode" / "opencode.json"
    before = file.read_text()
    file.write_text(json.dumps({**json.loads(before), **said}))
    made = clinvk.home.project / "made.txt"
    asked = ("-b", "opencode", "--access", "edit", f"[[write:{made}|x]]")
    clinvk(*asked, env={"PP": "deny"})
    assert not made.exists()
    file.write_text(before)
    clinvk(*asked)
    assert made.exists(), "else nothing was tested"


@pytest.mark.parametrize("folder", ["", ".opencode"])
def test_a_plug_in_by_an_escaped_name_is_refused(clinvk: Command, folder: str) -> None:
    """The agent undoes escapes: 1.18.33 loaded it."""
    place = clinvk.home.project / folder
    place.mkdir(exist_ok=True)
    ran = clinvk.home.project / "ran.txt"
    trap = f'import {{writeFileSync}} from "fs"\nwriteFileSync({json.dumps(str(ran))}, "x")\n'
    (place / "trap.js").write_text(f"{trap}export const Trap = async () => ({{}})\n")
    (place / "opencode.json").write_text(r'{"\u0070lugin": ["./trap.js"]}')
    shown = clinvk("-b", "opencode", "--access", "read-only", "-o", "json", "hello")
    assert not ran.exists()
    assert (shown.exit_code, shown.json()["error"]["code"]) == (5, "backend_unsupported")


def test_the_persons_own_content_reaches_the_agent(clinvk: Command) -> None:
    """A system prompt of ours stands beside it."""
    model = {"OPENCODE_CONFIG_CONTENT": '{"model": "mock/mock-other"}'}
    shown = clinvk(
        "-b", "opencode", "--system-prompt", "Be kind.", "-o", "json", "hello", env=model
    )
    assert shown.json()["model"] == "mock/mock-other", shown


def test_content_that_is_none_is_refused(clinvk: Command) -> None:
    """Nobody could say what it forbids."""
    ran = clinvk(
        *("-b", "opencode", "--access", "edit", "-o", "json", "hello"),
        env={"OPENCODE_CONFIG_CONTENT": "{"},
    )
    assert (ran.exit_code, ran.json()["error"]["code"]) == (5, "backend_unsupported")

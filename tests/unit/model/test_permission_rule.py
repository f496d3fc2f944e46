"""Rules for permission requests: what they allow, what they deny, and what is no rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinvk.errors import UsageError
from clinvk.model.events import PermissionRequest
from clinvk.model.permission import ToolKind
from clinvk.model.permission_rule import allowing, denying, names_no_tool, parse_rule

HERE = "/home/ann/project"


def _request(
    kind: ToolKind, *paths: str, tool: str = "Tool", command: str | None = None
) -> PermissionRequest:
    return PermissionRequest(
        id="1", tool=tool, kind=kind, summary=command or "", command=command, paths=paths
    )


def _runs(command: str) -> PermissionRequest:
    return _request(ToolKind.EXECUTE, command=command)


def _allows(rules: list[str], request: PermissionRequest) -> bool:
    return allowing([parse_rule(one) for one in rules], request, HERE) is not None


def _denies(rules: list[str], request: PermissionRequest) -> bool:
    return denying([parse_rule(one) for one in rules], request, HERE) is not None


@pytest.mark.parametrize(
    ("rules", "command", "allowed"),
    [
        (["Bash"], "rm -rf / > out", True),
        (["bash(git status)"], "git status", True),
        (["Shell(git status)"], "git status -s", False),
        (["Bash(git *)"], "git  log   -1", True),
        (["Bash(git *)"], "git", False),
        (["Bash(git *)"], "gitx y", False),
        (["Bash(git *)"], "git status && rm x", False),
        (["Bash(git *)"], "git status; rm x", False),
        (["Bash(git *)"], "git status | sh", False),
        (["Bash(git *)"], "git status & rm x", False),
        (["Bash(git *)"], "git status\nrm x", False),
        (["Bash(git *)"], "git log $(rm x)", False),
        (["Bash(git *)"], "git log `rm x`", False),
        (["Bash(git *)"], "git log > ~/.bashrc", False),
        (["Bash(git *)"], "git log <(rm x)", False),
        (["Bash(git *)"], "git log ${x:=y}", False),
        (["Bash(git *)"], "PAGER=x git log", False),
        (["Bash(git *)"], "git log 'unclosed", False),
        (["Bash(git *)"], r"git log $'\'' ; rm -rf x #'", False),
        (["Bash(git log *)"], "'git log' x", False),
        (["Bash(git log > log.txt)"], "git log > log.txt", True),
        (["Bash(git *)", "Bash(npm test)"], "git pull && npm test", True),
        (["Bash(echo *)"], "echo 'a; b'", True),
        (["Edit"], "git status", False),
        (["Tool"], "anything", True),
        (["Bash(git *)"], "", False),
    ],
)
def test_a_command_is_allowed_if_each_of_its_parts_is(
    rules: list[str],
    command: str,
    allowed: bool,  # noqa: FBT001  a table's column
) -> None:
    """One that substitutes or redirects only in exactly these words."""
    assert _allows(rules, _runs(command)) is allowed


@pytest.mark.parametrize(
    ("rule", "command"),
    [
        ("Bash(rm *)", "rm -rf x"),
        ("Bash(rm *)", "ls && rm -rf x"),
        ("Bash(rm *)", "ls; rm -rf x"),
        ("Bash(rm *)", "echo $(rm -rf x)"),
        ("Bash(rm *)", "echo `rm -rf x`"),
        ("Bash(rm *)", "ls\n  rm   -rf x"),
        ("Bash(rm *)", "(rm -rf x)"),
        ("Bash(rm *)", "'rm' -rf x"),
        ("Bash(rm *)", "$'rm' -rf x"),
        ("Bash(rm *)", "\\rm x > y"),
        ("Bash(rm *)", "/bin/rm x"),
        ("Bash(rm *)", "RM x"),
        ("Bash(rm *)", "rm\u00a0x"),
        ("Bash(rm *)", "A=1 B= rm x"),
        ("Bash(rm *)", "> y rm x"),
        ("Bash(rm *)", "R=rm; $R x"),
        ("Bash(rm *)", "env -u A rm x"),
        ("Bash(rm *)", "env -S 'rm x'"),
        ("Bash(rm *)", "sudo -u root rm x"),
        ("Bash(rm *)", "ls | xargs -n1 rm"),
        ("Bash(rm *)", "find . -exec rm {} +"),
        ("Bash(rm *)", "sh -c 'ls; rm x'"),
        ("Bash(rm *)", """bash -c "sh -c 'rm x'\""""),
        ("Bash(rm *)", "echo 'rm x' | sh"),
        ("Bash(rm *)", "if true; then rm x; fi"),
        ("Bash(git push *)", "git -C . push origin"),
        ("Bash(git push *)", "nice git -c a=b push origin"),
        ("Bash([a])", "[a]"),
        ("Bash", "ls"),
        ("Tool", "ls"),
        ("T*", "ls"),
    ],
)
def test_a_command_is_denied_if_any_part_of_it_is(rule: str, command: str) -> None:
    """However it is written."""
    assert _denies([rule], _runs(command))
    assert not _denies([rule], _request(ToolKind.READ, tool="Other"))


@pytest.mark.parametrize(
    "command",
    ["git rm x", "echo rm x", "git commit -m 'rm x'", "sudo ls", "sh -c 'ls rm'", "rmdir x"],
)
def test_a_word_of_another_command_is_not_denied(command: str) -> None:
    """A program that runs no others has it only as an argument."""
    assert not _denies(["Bash(rm *)"], _runs(command))


@pytest.mark.parametrize("word", ["env ", "sh -c '", "A=1 ", "rm", ";", "ls\n", "sh -c 'x' "])
@pytest.mark.parametrize("length", [45_000, 10_000_000])
def test_a_command_that_is_too_complicated_counts_as_denied(word: str, length: int) -> None:
    """And not as allowed, however long it is."""
    command = f"env {word * (length // len(word))} rm x"
    assert _denies(["Bash(rm *)"], _runs(command))
    assert not _allows(["Bash(git *)"], _runs(command))


@pytest.mark.parametrize(
    ("rule", "path", "allowed"),
    [
        ("Edit", f"{HERE}/a.py", True),
        ("Write", f"{HERE}/src/a.py", True),
        ("Edit", "/etc/passwd", False),
        ("Edit", f"{HERE}-other/a.py", False),
        ("Edit(*.py)", f"{HERE}/src/deep/a.py", True),
        ("Edit(*.py)", f"{HERE}/src/a.pyc", False),
        ("Edit(src/**)", f"{HERE}/src/deep/a.py", True),
        ("Edit(src/*)", f"{HERE}/src/deep/a.py", False),
        ("Edit(src/**/a.py)", f"{HERE}/src/a.py", True),
        ("Edit(/etc/*)", "/etc/passwd", True),
        ("Edit(../other/**)", "/home/ann/other/a.py", True),
        ("Edit(a?.py)", f"{HERE}/ab.py", True),
        ("Edit(a.py)", f"{HERE}/aXpy", False),
        ("Read", f"{HERE}/a.py", False),
    ],
)
def test_a_rule_without_a_pattern_is_about_the_working_directory(
    rule: str,
    path: str,
    allowed: bool,  # noqa: FBT001  a table's column
) -> None:
    """With one it is as in `.gitignore`, and an absolute one is for files elsewhere."""
    assert _allows([rule], _request(ToolKind.EDIT, path)) is allowed


def test_every_path_has_to_be_allowed_and_any_may_be_denied() -> None:
    """Without a path nothing is known, and so nothing allowed."""
    both = _request(ToolKind.EDIT, f"{HERE}/a.py", f"{HERE}/b.js")
    assert not _allows(["Edit(*.py)"], both)
    assert _allows(["Edit(*.py)", "Edit(*.js)"], both)
    assert _denies(["Edit(*.js)"], both)
    assert not _allows(["Edit"], _request(ToolKind.EDIT))


@pytest.mark.parametrize(
    ("rule", "address", "allowed"),
    [
        ("Fetch", "https://a.org/x", True),
        ("Fetch(a.org)", "https://a.org/x", True),
        ("Fetch(*.org)", "https://docs.a.org/x", True),
        ("Fetch(a.org)", "https://a.org.evil.com/", False),
        ("Fetch(a.org)", "https://evil.com/?a.org", False),
        ("Fetch(a.org)", "https://a.org@evil.com/", False),
        ("Fetch(https://a.org/docs/*)", "https://a.org/docs/1", True),
        ("Fetch(a.org)", "http://[", False),
        ("Fetch(a.org)", "https://a.org:8443/x", True),
        ("Fetch(*.org)", "https://evil.com\\.a.org/", False),
        ("Fetch(https://*.a.org/*)", "https://docs.a.org/x", True),
        ("Fetch(https://*.a.org/*)", "https://evil.com/x.a.org/", False),
        ("Fetch(https://*.a.org/*)", "https://evil.com?.a.org/", False),
        ("Fetch(https://a.org*)", "https://a.org@evil.com/", False),
        ("Fetch(https://a.org/*)", "http://a.org/x", False),
    ],
)
def test_an_address_is_compared_by_its_host(
    rule: str,
    address: str,
    allowed: bool,  # noqa: FBT001  a table's column
) -> None:
    """Unless the pattern has a scheme."""
    assert _allows([rule], _request(ToolKind.FETCH, address)) is allowed


@pytest.mark.parametrize("rule", ["Fetch(evil.com)", "Fetch(https://evil.com/*)"])
@pytest.mark.parametrize(
    "address",
    [
        "https://evil.com/x",
        "HTTPS://Evil.com/x",
        "https://evil.com:443/x",
        "https://a@evil.com/x",
        "https://evil.com./x",
        "https:/evil.com/x",
        "https:\\\\evil.com\\x",
    ],
)
def test_an_address_is_denied_however_it_is_written(rule: str, address: str) -> None:
    """Programs that fetch it read all of these as the same host."""
    assert _denies([rule], _request(ToolKind.FETCH, address))
    assert not _denies([rule], _request(ToolKind.FETCH, "https://a.org/evil.com/"))


def test_another_tool_is_meant_by_its_own_name() -> None:
    """A pattern cannot allow it: what it does is unknown."""
    server = _request(ToolKind.OTHER, tool="mcp__github__create_issue")
    assert _allows(["mcp__github__*"], server)
    assert _allows(["MCP__GitHub__create_issue"], server)
    assert not _allows(["mcp__gitlab__*"], server)
    assert not _allows(["mcp__github__*(x)"], server)
    assert _denies(["mcp__*"], server)


@pytest.mark.parametrize(
    ("rule", "unknown"),
    [
        ("Bash", False),
        ("write_file", False),
        ("WRITE_file(x)", False),
        ("w*", False),
        ("mcp__github__create_issue", False),
        ("mcp_github", False),
        ("Bsah(git *)", True),
        ("x*", True),
    ],
)
def test_a_rule_that_names_no_tool_is_known(
    rule: str,
    unknown: bool,  # noqa: FBT001  a table's column
) -> None:
    """Tools of servers are not known before they run."""
    assert names_no_tool(parse_rule(rule), ["write_file"]) is unknown


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "is empty"),
        ("Bash(", "at character 5"),
        ("Bash()", "at character 5"),
        ("Bash(ls) x", "at character 5"),
        ("two words", "at character 4"),
        ("(ls)", "at character 1"),
    ],
)
def test_an_invalid_rule_is_refused_with_the_position(text: str, place: str) -> None:
    """The hint shows the valid forms."""
    with pytest.raises(UsageError, match=place) as error:
        parse_rule(text)
    assert "Bash(git status)" in str(error.value.hint)


@given(st.text(max_size=80), st.text(max_size=20))
def test_no_command_raises_and_deny_covers_what_allow_covers(command: str, pattern: str) -> None:
    """A pattern that allows a whole command also denies it."""
    try:
        rule = parse_rule(f"Bash({pattern})")
    except UsageError:
        return
    request = _runs(command)
    if allowing([rule], request, HERE) is not None:
        assert denying([rule], request, HERE) is not None


@pytest.mark.parametrize(
    ("rule", "path", "allowed"),
    [
        ("Edit", "/lib/a", True),
        ("Edit", "/lib", True),
        ("Edit", f"{HERE}/a", True),
        ("Edit", "/library/a", False),
        ("Edit", "/lib/a\0", False),
        ("Edit(src/**)", "/lib/src/a", False),
        ("Edit(/lib/*.py)", "/lib/a.py", True),
        ("Read", "/lib/a", False),
    ],
)
def test_a_rule_without_a_pattern_is_for_the_added_directories_too(
    rule: str, path: str, *, allowed: bool
) -> None:
    """A relative pattern is for the working directory alone."""
    request = _request(ToolKind.EDIT, path)
    assert (allowing([parse_rule(rule)], request, HERE, ["/lib"]) is not None) == allowed

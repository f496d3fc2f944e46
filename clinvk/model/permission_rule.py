"""Rules that answer permission requests: `Bash(git status)`, `Edit(src/**)`, `Fetch(*.org)`.

A rule names a tool, and optionally in brackets what it may be used for. `Bash`, `Edit`, `Read` and
`Fetch` mean every agent's tool of that kind (`Shell` and `Write` are the same as `Bash` and
`Edit`); any other name is the name of one tool, and may have `*` in it: `mcp__github__*`.

In doubt, nothing is allowed, and a rule that denies applies. A command is allowed only if each of
its parts is allowed. A command with a substitution or a redirection is allowed only by a rule with
exactly its text. A command is denied if any of its parts is denied. A request with several paths is
allowed only if all of them are. A rule without a pattern allows only paths below the working
directory.
"""

import posixpath
import re
from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct

from clinvk.errors import UsageError
from clinvk.model.command_line import certain_commands, may_run
from clinvk.model.events import PermissionRequest
from clinvk.model.permission import ToolKind

KINDS: Mapping[str, ToolKind] = {
    "bash": ToolKind.EXECUTE,
    "shell": ToolKind.EXECUTE,
    "edit": ToolKind.EDIT,
    "write": ToolKind.EDIT,
    "read": ToolKind.READ,
    "fetch": ToolKind.FETCH,
}
"""The names in lower case that mean a kind of tool, for every agent."""

_RULE = re.compile(r"([\w*.:/-]{1,200})(?:\((.{1,2000})\))?", re.DOTALL)


class PermissionRule(Struct, frozen=True):
    """One rule; `pattern` is the text in the brackets, None without them."""

    tool: str
    pattern: str | None = None

    @property
    def kind(self) -> ToolKind | None:
        """The kind of tool that the rule means, None if it names one tool."""
        return KINDS.get(self.tool.lower())

    def __str__(self) -> str:
        return self.tool if self.pattern is None else f"{self.tool}({self.pattern})"


def parse_rule(text: str) -> PermissionRule:
    """The rule in the text. Raises `UsageError` with the position of an error."""
    text = text.strip()
    found = _RULE.fullmatch(text)
    if found is not None and (found[2] is None or found[2].strip()):
        return PermissionRule(found[1], found[2] and found[2].strip())
    name = re.match(r"[\w*.:/-]*", text)
    place = name.end() + 1 if name else 1
    what = "is empty" if not text else f"has an error at character {place}"
    raise UsageError(
        f"the rule `{text[:60]}` {what}",
        hint="write a tool and what it may be used for: `Edit`, `Edit(src/**)`, `Bash(git status)`",
    )


def names_no_tool(rule: PermissionRule, tools: Collection[str]) -> bool:
    """Whether the rule is about none of these tools, and about no server's tool.

    The names of a server's tools are not known before it runs: `mcp__github__create_issue`.
    """
    if rule.kind is not None or rule.tool.lower().startswith("mcp_"):
        return False
    return not any(fnmatchcase(tool.lower(), rule.tool.lower()) for tool in tools)


def allowing(
    rules: Sequence[PermissionRule],
    request: PermissionRequest,
    directory: str,
    added: Sequence[str] = (),
) -> str | None:
    """The rules that together allow all of the request, as text; None if they do not.

    The paths of the request must be absolute and without symbolic links, and so must `directory`,
    the working directory, and the `added` ones, where a rule without a pattern is valid too.
    """
    rules = [rule for rule in rules if _names(rule, request)]
    if request.kind is ToolKind.EXECUTE:
        return _allowing_command(rules, request.command)
    wanted = [request.tool] if request.kind is ToolKind.OTHER else list(request.paths)
    used: dict[str, None] = {}
    for one in wanted:
        found = next(
            (
                rule
                for rule in rules
                if _allows(rule, request.kind, one, directory)
                or (rule.pattern is None and any(_is_in(one, place) for place in added))
            ),
            None,
        )
        if found is None:
            return None
        used[str(found)] = None
    return ", ".join(used) or None


def denying(
    rules: Sequence[PermissionRule], request: PermissionRequest, directory: str
) -> str | None:
    """The first rule that denies any part of the request, as text; None if none does."""
    for rule in rules:
        if _names(rule, request) and _denies(rule, request, directory):
            return str(rule)
    return None


def _names(rule: PermissionRule, request: PermissionRequest) -> bool:
    if rule.kind is not None:
        return rule.kind is request.kind
    return fnmatchcase(request.tool.lower(), rule.tool.lower())


def _allowing_command(rules: Sequence[PermissionRule], command: str | None) -> str | None:
    for rule in rules:
        if rule.pattern is None or (command and rule.pattern == command.strip()):
            return str(rule)
    used: dict[str, None] = {}
    for part in certain_commands(command or ""):
        found = next((one for one in rules if fnmatchcase(part, one.pattern or "")), None)
        if found is None:
            return None
        used[str(found)] = None
    return ", ".join(used) or None


def _allows(rule: PermissionRule, kind: ToolKind, wanted: str, directory: str) -> bool:
    if kind is ToolKind.OTHER:
        return rule.pattern is None
    if kind is ToolKind.FETCH:
        return rule.pattern is None or _allows_address(rule.pattern, wanted)
    if "\0" in wanted:
        return False
    if rule.pattern is None:
        return _is_in(wanted, directory)
    return _matches_path(rule.pattern, wanted, directory)


def _is_in(path: str, directory: str) -> bool:
    inside = path == directory or path.startswith(f"{directory.rstrip('/')}/")
    return inside and "\0" not in path


def _denies(rule: PermissionRule, request: PermissionRequest, directory: str) -> bool:
    pattern = rule.pattern
    if pattern is None:
        return True
    if request.kind is ToolKind.EXECUTE:
        command = request.command or request.summary
        return command.strip() == pattern or may_run(command, pattern)
    if request.kind is ToolKind.FETCH:
        return any(_denies_address(pattern, one) for one in request.paths)
    if request.kind is ToolKind.OTHER:
        return fnmatchcase(request.summary, pattern)
    unknown = request.kind is ToolKind.EDIT and not request.paths
    # Some file systems do not distinguish upper and lower case.
    low = [path.lower() for path in request.paths]
    return unknown or any(_matches_path(pattern.lower(), path, directory.lower()) for path in low)


def _allows_address(pattern: str, address: str) -> bool:
    """Whether the pattern is for the address, or for its host if it has no scheme.

    A `*` in the host stands for a part of the host only. Programs disagree about which host an
    address with a backslash or a user name has.
    """
    scheme, host, rest = _address_parts(address)
    if not host or "\\" in address or "@" in host:
        return False
    if "://" not in pattern:
        return fnmatchcase(host.partition(":")[0], pattern.lower())
    wanted = _address_parts(pattern)
    return all(map(fnmatchcase, (scheme, host, rest), wanted))


def _denies_address(pattern: str, address: str) -> bool:
    """The same, however the address is written."""
    text = address.strip().replace("\\", "/").lower()
    scheme, host, rest = _address_parts(re.sub(r"^([a-z]+):/*", r"\1://", text))
    host = host.rpartition("@")[2]
    bare = host.partition(":")[0].rstrip(".")
    if "://" not in pattern:
        return any(fnmatchcase(one, pattern.lower()) for one in (host, bare))
    written = (address.lower(), *(f"{scheme}://{one}{rest}" for one in (host, bare)))
    return any(fnmatchcase(one, pattern.lower()) for one in written)


def _address_parts(address: str) -> tuple[str, str, str]:
    """The scheme and the host with its port, in lower case, and the rest, which begins with `/`."""
    scheme, _, behind = address.partition("://")
    host = re.match(r"[^/?#]*", behind)
    end = host.end() if host else 0
    return scheme.lower(), behind[:end].lower(), behind[end:] or "/"


def _matches_path(pattern: str, path: str, directory: str) -> bool:
    """As in `.gitignore`: without a slash a name anywhere below the directory, else a whole path.

    `**` stands for any number of folders, `*` and `?` for anything but a slash.
    """
    if "/" not in pattern:
        pattern = f"**/{pattern}"
    whole = posixpath.join(directory, pattern)
    expression = re.sub(
        r"\*\*/|\*\*|\*|\?|[^*?]+",
        lambda part: _GLOB.get(part[0]) or re.escape(part[0]),
        posixpath.normpath(whole) if ".." in whole else whole,
    )
    return re.fullmatch(expression, path, re.DOTALL) is not None


_GLOB = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}

"""clinvk's permission rules, combined with the person's: what either forbids stays forbidden."""

import re
from collections.abc import Mapping

from clinvk.agents.kit.jsonl import mapping
from clinvk.model.access import Access
from clinvk.model.events import Json

_READING: Mapping[str, Json] = {
    # Tools that are not listed here, and all MCP servers, do not exist for the agent. Its plan
    # mode is not enough, because it runs any shell command. A sub-agent has its own rules.
    "*": "deny",
    "read": {"*": "allow", "*.env": "deny", "*.env.*": "deny", "*.env.example": "allow"},
    "glob": "allow",
    "grep": "allow",
    "list": "allow",
    "lsp": "allow",
    "skill": "allow",
    "todoread": "allow",
    "todowrite": "allow",
    "webfetch": "allow",
    "websearch": "allow",
}
AGENTS: Mapping[Access, tuple[str, Mapping[str, Json]]] = {
    Access.READ_ONLY: ("clinvk-read-only", _READING),
    # 1.18.33 passes on no request of a sub-agent, which then waits for ever.
    Access.ASK: (
        "clinvk-ask",
        {**_READING, "*": "ask", "edit": "ask", "bash": "ask", "task": "deny"},
    ),
    Access.EDIT: ("clinvk-edit", {**_READING, "edit": "allow"}),
}
"""Separate agents, because a person's settings would override rules for its agent `build`."""

_OLD_NAMES: Mapping[str, tuple[str, ...]] = {"edit": ("write", "patch", "multiedit", "apply_patch")}
"""Other names of a tool in settings; forbidding one of them forbids the tool."""


def stricter(ours: Mapping[str, Json], theirs: Json) -> Mapping[str, Json]:
    """Our rules, without anything that theirs do not allow.

    Rules are an action (`allow`, `ask`, `deny`) or actions by tool; a tool's rule is an action or
    actions by pattern. The last matching tool and the last matching pattern are used, and both may
    be wildcards. Any other text as an action, such as `{env:NAME}`, means `deny`.
    """
    their_rules = {"*": theirs} if isinstance(theirs, str) else mapping(theirs)
    both = {
        tool: own if tool == "*" else _both(own, _rules_for(tool, their_rules))
        for tool, own in ours.items()
    }
    if ours.get("*") != "ask":
        return both
    # What no rule of ours names is asked for, unless theirs deny it.
    others = {
        tool: "deny"
        for tool, rule in their_rules.items()
        if tool not in ours and isinstance(rule, str) and _action(rule) == "deny"
    }
    every = "deny" if _action(their_rules.get("*", "ask")) == "deny" else "ask"
    named = {tool: own for tool, own in both.items() if tool != "*"}
    return {"*": every, **others, **named}


def _rules_for(tool: str, their_rules: Mapping[str, Json]) -> Mapping[str, Json]:
    """The tool's actions by pattern, combined from all keys that match the tool."""
    rules: Mapping[str, Json] = {"*": "allow"}
    for key, rule in their_rules.items():
        if not isinstance(rule, str | dict) or not _matches(key, tool):
            continue
        by_pattern = rule if isinstance(rule, dict) else {"*": rule}
        actions: Mapping[str, Json] = {
            pattern: _action(action) for pattern, action in by_pattern.items()
        }
        if key != tool and any(action != "allow" for action in rules.values()):
            # Only a rule with the tool's own name can allow again what an earlier rule forbids.
            actions = _not_allowed(actions)
        if actions.get("*") == "allow":
            rules = {"*": "allow"}
        for pattern, action in actions.items():
            if pattern != "*":
                rules = _followed_by(rules, {pattern: action})
            elif action != "allow":
                rules = {"*": action}
    return rules


def _matches(key: str, tool: str) -> bool:
    """Whether a key of their rules, possibly a wildcard or an old name, matches the tool."""
    if "{env:" in key or "{file:" in key:
        return True  # its value is unknown
    wildcard = re.escape(key).replace(r"\*", ".*").replace(r"\?", ".")
    names = (tool, *_OLD_NAMES.get(tool, ()))
    return any(re.fullmatch(wildcard, name, re.DOTALL | re.IGNORECASE) for name in names)


def _action(action: Json) -> Json:
    return action if action in ("allow", "ask") else "deny"


def _not_allowed(rules: Mapping[str, Json]) -> Mapping[str, Json]:
    return {pattern: action for pattern, action in rules.items() if action != "allow"}


def _followed_by(rules: Mapping[str, Json], more: Mapping[str, Json]) -> Mapping[str, Json]:
    """The rules, followed by more rules."""
    return {**{pattern: rules[pattern] for pattern in rules if pattern not in more}, **more}


def _both(own: Json, theirs: Mapping[str, Json]) -> Json:
    """A tool's rule that allows only what both allow."""
    ours: Mapping[str, Json] = own if isinstance(own, dict) else {"*": own}
    denied = _not_allowed(theirs)
    if not denied:
        return own
    if ours["*"] == "allow":
        both = theirs if theirs == {"*": "deny"} else _followed_by(theirs, _not_allowed(ours))
    elif theirs["*"] == "allow":
        both = _followed_by(ours, denied)
    else:
        both = {"*": "deny" if "deny" in (ours["*"], theirs["*"]) else "ask"}
    return both["*"] if both.keys() == {"*"} else dict(both)

"""Rules of what tools may do, theirs and ours put together: what either forbids stays forbidden."""

import re
from collections.abc import Mapping

from clinvk.agents.kit.jsonl import mapping
from clinvk.model.events import Json

_OLD_NAMES: Mapping[str, tuple[str, ...]] = {"edit": ("write", "patch", "multiedit", "apply_patch")}
"""What else settings call a tool; a person who forbids one of them means them all."""


def stricter(ours: Mapping[str, Json], theirs: Json) -> Mapping[str, Json]:
    """Our rules, in which nothing is allowed that theirs do not allow.

    Rules are an action (`allow`, `ask`, `deny`) or actions by tool; a tool's are an action or
    actions by pattern. Of tools and of patterns, the last that matches counts, and both may be
    wildcards. Whatever else is an action's text, such as `{env:NAME}`, counts as `deny`.
    """
    said = {"*": theirs} if isinstance(theirs, str) else mapping(theirs)
    return {
        tool: own if tool == "*" else _both(own, _rules_for(tool, said))
        for tool, own in ours.items()
    }


def _rules_for(tool: str, said: Mapping[str, Json]) -> Mapping[str, Json]:
    """Actions by pattern for the tool, as the rules of all keys that match it make them."""
    rules: Mapping[str, Json] = {"*": "allow"}
    for key, rule in said.items():
        if not isinstance(rule, str | dict) or not _matches(key, tool):
            continue
        by_pattern = rule if isinstance(rule, dict) else {"*": rule}
        actions: Mapping[str, Json] = {
            pattern: _action(action) for pattern, action in by_pattern.items()
        }
        if key != tool and any(action != "allow" for action in rules.values()):
            # Only the tool's own name takes back what was forbidden before it.
            actions = _not_allowed(actions)
        if actions.get("*") == "allow":
            rules = {"*": "allow"}
        for pattern, action in actions.items():
            if pattern != "*":
                rules = _then(rules, {pattern: action})
            elif action != "allow":
                rules = {"*": action}
    return rules


def _matches(key: str, tool: str) -> bool:
    """Whether a key of theirs, maybe a wildcard or a name of old, is of the tool."""
    if "{env:" in key or "{file:" in key:
        return True  # nobody can say what it becomes
    wildcard = re.escape(key).replace(r"\*", ".*").replace(r"\?", ".")
    names = (tool, *_OLD_NAMES.get(tool, ()))
    return any(re.fullmatch(wildcard, name, re.DOTALL | re.IGNORECASE) for name in names)


def _action(said: Json) -> Json:
    return said if said in ("allow", "ask") else "deny"


def _not_allowed(rules: Mapping[str, Json]) -> Mapping[str, Json]:
    return {pattern: action for pattern, action in rules.items() if action != "allow"}


def _then(rules: Mapping[str, Json], more: Mapping[str, Json]) -> Mapping[str, Json]:
    """The rules, and more that come after them all."""
    return {**{pattern: rules[pattern] for pattern in rules if pattern not in more}, **more}


def _both(own: Json, theirs: Mapping[str, Json]) -> Json:
    """A tool's rule that allows nothing but what both of them allow."""
    ours: Mapping[str, Json] = own if isinstance(own, dict) else {"*": own}
    denied = _not_allowed(theirs)
    if not denied:
        return own
    if ours["*"] == "allow":
        both = theirs if theirs == {"*": "deny"} else _then(theirs, _not_allowed(ours))
    elif theirs["*"] == "allow":
        both = _then(ours, denied)
    else:
        both = {"*": "deny" if "deny" in (ours["*"], theirs["*"]) else "ask"}
    return both["*"] if both.keys() == {"*"} else dict(both)

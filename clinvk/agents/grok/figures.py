"""Reads grok's figures: what a prompt used, in its answer over the protocol and in its files."""

from msgspec.structs import replace

from clinvk.agents.kit.counters import Tokens
from clinvk.agents.kit.json_rpc import Line
from clinvk.agents.kit.jsonl import count
from clinvk.model.usage import Usage


def tokens_of_prompt(used: Line) -> Tokens | None:
    """The figures of a prompt, whose input includes the cached tokens; None if there are none."""
    everything, output = count(used.get("inputTokens")), count(used.get("outputTokens"))
    if everything is None or output is None:
        return None
    cached = min(count(used.get("cachedReadTokens")) or 0, everything)
    written = min(count(used.get("cacheCreationTokens")) or 0, everything - cached)
    fresh = everything - cached - written
    return Tokens(fresh=fresh, cached=cached, cache_write=written, output=output)


def told_usage(used: Tokens) -> Usage:
    """The usage; 0 written to a cache is what it says where the service does not tell it."""
    usage = used.usage()
    return usage if used.cache_write else replace(usage, cache_write_tokens=None)

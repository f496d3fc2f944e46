"""The table of `docs/backends.md`: what each agent can do, read off the backends themselves."""

from collections.abc import Iterator

from clinvk.agents.base import WITHOUT_OPTION, Backend, Capability
from clinvk.cli.context import build_cli
from clinvk.services.agents.catalog import built_in

BEGIN = "<!-- capabilities: written by `python -m clinvk.cli.generated` -->"
END = "<!-- end of capabilities -->"


def with_capabilities(page: str) -> str:
    """The page with the table between its two marks."""
    head, _, rest = page.partition(f"{BEGIN}\n")
    tail = rest.partition(END)[2]
    table = "".join(f"{line}\n" for line in _table())
    return f"{head}{BEGIN}\n{table}{END}{tail}"


def _table() -> Iterator[str]:
    known = [*map(build_cli().world.agents.get, built_in())]
    yield f"| | {' | '.join(one.name for one in known)} |"
    yield "|---" * (len(known) + 1) + "|"
    yield f"| tested versions | {' | '.join(', '.join(one.tested_versions) for one in known)} |"
    for capability in Capability:
        cells = (_cell(capability, one) for one in known)
        yield f"| {capability.meaning} | {' | '.join(cells)} |"
    yield ""
    yield "Code is the agent's own way; an argument is passed on by `--backend-arg=…`."
    yield ""
    for one in known:
        if one.lacks:
            yield f"{one.title} cannot:"
            yield from (f"- {capability.meaning}: {why}" for capability, why in one.lacks.items())
            yield ""


def _cell(capability: Capability, backend: Backend) -> str:
    if capability in backend.ways:
        return f"`{backend.ways[capability]}`"
    no = capability in backend.lacks or capability in WITHOUT_OPTION
    return "no" if no else "yes"

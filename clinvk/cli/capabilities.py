"""The table of `docs/backends.md`: what each agent can do, read off the backends themselves."""

from collections.abc import Iterator

from clinvk import backends
from clinvk.backends._base import Capability

BEGIN = "<!-- capabilities: written by `python -m clinvk.cli.generated` -->"
END = "<!-- end of capabilities -->"


def with_capabilities(page: str) -> str:
    """The page with the table between its two marks."""
    head, _, rest = page.partition(f"{BEGIN}\n")
    tail = rest.partition(END)[2]
    table = "".join(f"{line}\n" for line in _table())
    return f"{head}{BEGIN}\n{table}{END}{tail}"


def _table() -> Iterator[str]:
    known = [backends.get(name) for name in backends.names()]
    yield f"| | {' | '.join(one.name for one in known)} |"
    yield "|---" * (len(known) + 1) + "|"
    yield f"| tested versions | {' | '.join(', '.join(one.tested_versions) for one in known)} |"
    for capability in Capability:
        cells = ("no" if capability in one.lacks else "yes" for one in known)
        yield f"| {capability.meaning} | {' | '.join(cells)} |"
    yield ""
    for one in known:
        if one.lacks:
            yield f"{one.title} cannot:"
            yield from (f"- {capability.meaning}: {why}" for capability, why in one.lacks.items())
            yield ""

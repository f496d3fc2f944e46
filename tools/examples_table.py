"""The declarations that come with clinvk, as a table of the documentation."""

from clinvk.store.config.examples import example, example_names


def examples_table() -> str:
    """Each with its evidence, and what is different about it."""
    rows = "".join(
        f"| `{one.name}` | {one.title} | {one.tested or 'untested'} | {one.differs or ''} |\n"
        for one in map(example, example_names())
    )
    return f"| example | agent | tested with | what is different |\n|---|---|---|---|\n{rows}"

"""`clinvk backends add`: the examples, and what was added."""

from collections.abc import Sequence

from clinvk.cli.render.layout import folded, in_columns
from clinvk.cli.streams import Streams
from clinvk.model.declared import Example
from clinvk.services.agents.examples import Added
from clinvk.text.json_codec import json_list, json_page

_HEAD = ("EXAMPLE", "AGENT", "TESTED WITH")
_UNTESTED = "untested, from its documentation"


def render_examples(examples: Sequence[Example], streams: Streams, *, as_json: bool) -> None:
    """Show the examples on stdout, with what each was tested with."""
    if as_json:
        from clinvk.published.machine import example_to_json

        streams.out_json(json_list(map(example_to_json, examples)).decode())
        return
    rows = [(one.name, one.title, one.tested or _UNTESTED) for one in examples]
    columns = streams.columns() if streams.stdout_is_tty else None
    head, *lines = "".join(in_columns([_HEAD, *rows])).splitlines()
    streams.out("\n".join([head, *folded(lines, columns, indent=head.index(_HEAD[-1]))]) + "\n")
    if streams.stdout_is_tty:
        streams.err("`clinvk backends add EXAMPLE` writes one into your configuration")


def render_added(added: Added, streams: Streams, *, as_json: bool) -> None:
    """Say on stderr what was added and how to test it; as JSON on stdout."""
    example = added.example
    if as_json:
        from clinvk.published.machine import example_to_json

        page = {"schema": 1, **example_to_json(example), "file": str(added.file)}
        streams.out_json(json_page(page).decode())
        return
    streams.err_text(f"added `{example.name}` ({example.title}) to {added.file}")
    if example.tested is None:
        streams.err("it is untested, and made from the agent's documentation")
    if example.differs is not None:
        streams.err_text(f"what is different: {example.differs}")
    if example.install is not None:
        streams.err_text(f"install the agent with: {example.install}")
    streams.err(f"then test it with: clinvk backends test {example.name}")

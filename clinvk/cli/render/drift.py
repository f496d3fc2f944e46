"""`sessions reindex`: one line, or an object."""

from clinvk.cli.streams import Streams
from clinvk.services.sessions.reindex import Drift
from clinvk.text.json_codec import json_line


def render_drift(drift: Drift, streams: Streams, *, as_json: bool) -> None:
    """Say how far the index was from the files."""
    counts = {
        "indexed": drift.indexed,
        "changed": drift.changed,
        "removed": drift.removed,
        "damaged": drift.damaged,
    }
    if as_json:
        streams.out_json(json_line(counts).decode())
        return
    streams.out(", ".join(f"{word} {count:,}" for word, count in counts.items()) + "\n")

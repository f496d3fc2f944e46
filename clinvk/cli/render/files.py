"""`sessions files`: the files that each turn changed, one per line."""

from collections.abc import Sequence

from clinvk.cli.render.layout import how_changed, in_columns
from clinvk.cli.streams import Streams
from clinvk.model.files import shown_path
from clinvk.model.turn import Turn
from clinvk.text.json_codec import json_list
from clinvk.text.sanitize import safe_line


def render_files(turns: Sequence[Turn], streams: Streams, *, cwd: str, as_json: bool) -> None:
    """Show the files on stdout: relative to the turn's directory in text, absolute in JSON."""
    if as_json:
        from clinvk.published.sessions import files_to_json

        streams.out_json(json_list(files_to_json(turns)).decode())
        return
    rows = [
        (str(turn.number), how_changed(file), safe_line(shown_path(file.path, turn.cwd or cwd)))
        for turn in turns
        for file in turn.outcome.files
    ]
    if not rows:
        streams.err("no file was changed")
        return
    streams.out("".join(in_columns([("TURN", "CHANGE", "FILE"), *rows])))

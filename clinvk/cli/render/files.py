"""`sessions files`: what each turn changed, a line a file."""

from collections.abc import Sequence

from clinvk.cli.render.fields import how_changed
from clinvk.cli.streams import Streams
from clinvk.model.files import shown_path
from clinvk.model.report import file_to_json
from clinvk.model.turn import Turn
from clinvk.text.json_codec import json_line
from clinvk.text.sanitize import safe_line


def render_files(turns: Sequence[Turn], streams: Streams, *, cwd: str, as_json: bool) -> None:
    """Show the files on stdout: relative to the turn's directory in text, absolute in JSON."""
    changed = [(turn, file) for turn in turns for file in turn.files]
    if as_json:
        values = [json_line({"turn": turn.number, **file_to_json(file)}) for turn, file in changed]
        lines = ",\n".join(value.decode().rstrip("\n") for value in values)
        streams.out_json(f"[\n{lines}\n]\n" if lines else "[]\n")
        return
    rows = [
        (str(turn.number), how_changed(file), safe_line(shown_path(file.path, turn.cwd or cwd)))
        for turn, file in changed
    ]
    if not rows:
        streams.talk("no file was changed")
        return
    widths = [max(map(len, column)) for column in zip(*(_HEAD, *rows), strict=True)]
    for number, how, path in (_HEAD, *rows):
        streams.out(f"{number:<{widths[0]}}  {how:<{widths[1]}}  {path}\n")


_HEAD = ("TURN", "CHANGE", "FILE")

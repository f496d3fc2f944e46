"""`--dry-run`: the exact command, shell-quoted, and where it would run."""

import shlex
from collections.abc import Mapping

from clinvk.cli.render.errors import say_warning
from clinvk.cli.streams import Streams
from clinvk.published.run import plan_to_json
from clinvk.services.turns.plan import TurnPlan
from clinvk.text.json_codec import json_line


def render_plan(
    plan: TurnPlan, environ: Mapping[str, str], streams: Streams, *, as_json: bool
) -> None:
    """Show the command as one shell line; stdin, files and warnings are shown on stderr."""
    invocation = plan.invocation
    document = plan_to_json(plan, environ)
    if as_json:
        streams.out_json(json_line(document).decode())
        return
    settings = [f"-u {shlex.quote(name)}" for name in document["env_unset"]]
    settings += [f"{name}={shlex.quote(value)}" for name, value in document["env"].items()]
    prefix = ["env", *settings] if settings else []
    command = " ".join([*prefix, shlex.join(invocation.argv)])
    line = f"cd {shlex.quote(str(invocation.cwd))} && {command}\n"
    streams.out_text(line)
    if invocation.stdin:
        streams.err(f"stdin: the prompt, {len(invocation.stdin):,} bytes")
    else:
        streams.err("stdin: the terminal")
    for name in invocation.files:
        streams.err(f"{{{name}}}: a private file with the {name.replace('_', ' ')}")
    for warning in plan.warnings:
        say_warning(streams, warning)

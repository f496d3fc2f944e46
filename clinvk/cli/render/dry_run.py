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
    """One line that a shell would run; what cannot stand in it is said on stderr."""
    invocation = plan.invocation
    told = plan_to_json(plan, environ)
    if as_json:
        streams.out_json(json_line(told).decode())
        return
    settings = [f"-u {shlex.quote(name)}" for name in told["env_unset"]]
    settings += [f"{name}={shlex.quote(value)}" for name, value in told["env"].items()]
    prefix = ["env", *settings] if settings else []
    command = " ".join([*prefix, shlex.join(invocation.argv)])
    line = f"cd {shlex.quote(str(invocation.cwd))} && {command}\n"
    streams.out_text(line)
    if invocation.stdin:
        streams.err(f"its stdin: the prompt, {len(invocation.stdin):,} bytes")
    else:
        streams.err("its stdin: the terminal")
    for name in invocation.files:
        streams.err(f"{{{name}}}: a private file with the {name.replace('_', ' ')}")
    for warning in plan.warnings:
        say_warning(streams, warning)

"""`--dry-run`: the exact command, shell-quoted, and where it would run."""

import re
import shlex
from collections.abc import Mapping

from clinvk.cli.render.errors import say_warning
from clinvk.cli.streams import Streams
from clinvk.services.turns.plan import TurnPlan
from clinvk.text.json_codec import json_line

_SECRET = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD)$")
_HIDDEN = "***"


def render_plan(
    plan: TurnPlan, environ: Mapping[str, str], streams: Streams, *, as_json: bool
) -> None:
    """One line that a shell would run; what cannot stand in it is said on stderr."""
    invocation = plan.invocation
    unset = [name for name in invocation.env_unset if name in environ]
    env = {
        name: _HIDDEN if _SECRET.search(name) else value for name, value in invocation.env.items()
    }
    if as_json:
        plan_object = {
            "backend": plan.backend.name,
            "argv": list(invocation.argv),
            "cwd": str(invocation.cwd),
            "env": env,
            "env_unset": unset,
            "stdin_bytes": len(invocation.stdin),
            "files": dict(invocation.files),
            "warnings": list(plan.warnings),
        }
        streams.out_json(json_line(plan_object).decode())
        return
    settings = [f"-u {shlex.quote(name)}" for name in unset]
    settings += [f"{name}={shlex.quote(value)}" for name, value in env.items()]
    prefix = ["env", *settings] if settings else []
    command = " ".join([*prefix, shlex.join(invocation.argv)])
    line = f"cd {shlex.quote(str(invocation.cwd))} && {command}\n"
    streams.out_text(line)
    if invocation.stdin:
        streams.talk(f"its stdin: the prompt, {len(invocation.stdin):,} bytes")
    else:
        streams.talk("its stdin: the terminal")
    for name in invocation.files:
        streams.talk(f"{{{name}}}: a private file with the {name.replace('_', ' ')}")
    for warning in plan.warnings:
        say_warning(streams, warning)

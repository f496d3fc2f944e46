"""An MCP server on stdin and stdout with one tool: `touch` creates the file `path`.

`configure` adds it to an agent's own settings, under the name `NAME`.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NAME = "toucher"
TOOL_NAMES: Mapping[str, str] = {
    "gemini": f"mcp_{NAME}_touch",
    "opencode": f"{NAME}_touch",
    "qwen": f"mcp__{NAME}__touch",
}
"""The tool, as each agent calls it."""

_SETTINGS = {
    "gemini": ".gemini/settings.json",
    "opencode": ".config/opencode/opencode.json",
    "qwen": ".qwen/settings.json",
}
_ARGUMENTS = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}


def configure(home: Path, agent: str) -> None:
    """Let the agent start the server."""
    file = home / _SETTINGS[agent]
    settings = json.loads(file.read_text())
    command = [sys.executable, str(Path(__file__).resolve())]
    if agent == "opencode":
        settings["mcp"] = {NAME: {"type": "local", "command": command}}
    else:
        settings["mcpServers"] = {NAME: {"command": command[0], "args": command[1:]}}
    file.write_text(json.dumps(settings))


def _answer(method: str, params: dict[str, Any]) -> dict[str, Any]:
    if method == "initialize":
        server = {"name": NAME, "version": "1"}
        version = params["protocolVersion"]
        return {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": server}
    if method == "tools/list":
        tool = {"name": "touch", "description": "Creates a file.", "inputSchema": _ARGUMENTS}
        return {"tools": [tool]}
    if method == "tools/call":
        Path(params["arguments"]["path"]).touch()
        return {"content": [{"type": "text", "text": "created"}]}
    return {}


def main() -> None:
    """Serve until stdin ends."""
    for line in sys.stdin:
        message = json.loads(line)
        if "id" in message:
            result = _answer(message["method"], message.get("params") or {})
            answer = {"jsonrpc": "2.0", "id": message["id"], "result": result}
            print(json.dumps(answer), flush=True)  # noqa: T201  its protocol


if __name__ == "__main__":
    main()

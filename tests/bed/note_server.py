"""An MCP server on stdin and stdout with one tool, `keep`, which appends its text to a file.

`python note_server.py FILE`: the file shows whether an agent called the tool.
"""

import json
import sys
from pathlib import Path
from typing import Any

_KEEP = {
    "name": "keep",
    "description": "Keep a note.",
    "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}},
    "annotations": {"readOnlyHint": False, "destructiveHint": True, "openWorldHint": True},
}


def main() -> None:
    """Answer each request; notifications need no answer."""
    kept = Path(sys.argv[1])
    for line in sys.stdin:
        message = json.loads(line)
        if "id" in message:
            result = _answer(message["method"], message.get("params", {}), kept)
            answer = {"jsonrpc": "2.0", "id": message["id"], "result": result}
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


def _answer(method: str, params: dict[str, Any], kept: Path) -> dict[str, Any]:
    if method == "initialize":
        server = {"name": "notes", "version": "1"}
        version = params["protocolVersion"]
        return {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": server}
    if method == "tools/list":
        return {"tools": [_KEEP]}
    if method == "tools/call":
        with kept.open("a", encoding="utf-8") as file:
            file.write(params["arguments"]["text"] + "\n")
        return {"content": [{"type": "text", "text": "kept"}]}
    return {}


if __name__ == "__main__":
    main()

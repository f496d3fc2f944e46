"""The names of tools for people: the same tool has the same name on every agent.

An agent's own name stays in the records and in the field `name` or `tool` of the JSON; next to it
is this one. A tool that is not listed has its own name.
"""

_OWN_NAMES = {
    "Bash": "bash shell powershell run run_command run_shell_command command_execution execute"
    " run_terminal_command",
    "Edit": "edit multiedit replace file_change apply_patch notebookedit notebook_edit"
    " search_replace",
    "Write": "write write_file create",
    "Read": "read view read_file read_many_files notebookread",
    "Search": "search grep glob ls list list_directory grep_search search_file_content list_dir",
    "Fetch": "fetch webfetch web_fetch",
    "WebSearch": "websearch web_search google_web_search",
    "Task": "task agent spawn_subagent",
    "Plan": "plan todowrite todo_write write_todos update_plan",
}
_COMMON = {own: name for name, names in _OWN_NAMES.items() for own in names.split()}

COMMAND = "Bash"
"""The name of the tool whose summary is a command, not a path."""


def common_name(tool: str) -> str:
    """The name for people of a tool with this name."""
    return _COMMON.get(tool.lower(), tool)

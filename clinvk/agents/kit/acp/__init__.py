"""A client of the Agent Client Protocol (https://agentclientprotocol.com), version 1.

JSON-RPC, a message on each line: `initialize`, `session/new` or `session/load`, `session/prompt`;
meanwhile `session/update` and `session/request_permission`. It starts nothing and reads nothing.
"""

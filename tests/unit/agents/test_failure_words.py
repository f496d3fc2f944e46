"""What an error is taken for: by what it says of the service, never by what else it names."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from clinvk.agents import registry as backends
from clinvk.agents.base import Backend
from clinvk.agents.declared.backend import declared
from clinvk.agents.kit.failures import code_of_words
from clinvk.model.events import Result
from clinvk.model.failure import FailureCode
from clinvk.model.request import TurnRequest
from clinvk.store.config.file import check_config

REAL = ("claude", "codex", "gemini", "grok", "opencode", "qwen")
NAMES = [*REAL, "declared"]

MISLEADING = (
    "ModuleNotFoundError: No module named 'network'",
    "Error: Cannot find module '/srv/billing-service/dist/index.js'",
    "Error: EACCES: permission denied, open '/srv/authentication/token.json'",
    "Error: ENOENT: no such file or directory, open 'src/rate-limit.ts'",
    "Error: ENOSPC: System limit for number of file watchers reached, watch '/srv/models'",
    "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'rate-limiter-flexible' imported from x.mjs",
    "SyntaxError: The requested module './unauthorized.js' does not provide an export named 'x'",
    "Error: Cannot find module 'model'",
    "TypeError: Cannot read properties of undefined (reading 'apiKey')",
    "TypeError: isOverloaded is not a function",
    "Error: No overload matches this call",
    "error: could not find file `/home/user/billing/quota.rs`",
    "ReferenceError: UnauthorizedError is not defined",
    "Error: failed to parse /home/user/.config/connection-failed/settings.json",
    "Error: disk quota exceeded",
    "Error: EDQUOT: quota exceeded, write",
    "FileNotFoundError: [Errno 2] No such file or directory: '/x/authentication/api key.txt'",
    "thread 'main' panicked at src/rate_limit.rs:4:2: index out of bounds",
    "panic: runtime error: invalid memory address in authentication.Login",
    "error[E0433]: failed to resolve: use of undeclared crate `unauthorized`",
    "ImportError: cannot import name 'overloaded' from 'typing_x'",
    "Error: the class OverloadedMethod has an overloaded method without a body",
    "Error: Maximum recursion limit reached",
    "Error: the file src/context-window.ts has no default export",
    "Error: the context window component was not rendered",
    "KeyError: 'usage limit'",
    "AssertionError: expected 401 to equal 200",
    "Error: could not load ./models/not-found/index.ts: it is empty",
    "Error: model file not found",
    "Error: the data model class does_not_exist is abstract",
    "Error: Invalid hook: command exited with 1 in plugins/api-key-checker",
    "ValueError: the billing address of the invoice has no street",
    "Error: authentication.test.ts: 3 tests failed",
    "Error: spawn /usr/lib/connection/refused ENOENT",
    "Error: the worker left a socket in tests/econnreset.spec.ts",
    "Error: EPIPE: broken pipe, write",
    "error: no api, key or token is a keyword of this language",
    "Error: exhausted all retries of the formatter",
    "Error: the auth method `basic` of class Client is private",
    "Error: request limit reached for file watchers",
    "Error: The 'sharp' module failed: exceeded the context limit of worker threads",
    "Error: 4290 lines, 5030 characters, 4011 words",
)
"""Paths, names, quoted code and faults of this machine, each with a word that means something."""

AMONG_OTHERS = (
    # A tool's own trouble, said on stderr before the agent's.
    (
        (
            "curl: (7) Failed to connect to localhost port 9: Connection refused\n"
            "npm error code ECONNREFUSED\n"
            "npm error network request to http://127.0.0.1:9/x failed\n"
            "Error: the plan could not be written"
        ),
        "Error: the plan could not be written",
    ),
    (
        "HTTP 429 Too Many Requests from the linter\nError: hook `lint` failed",
        "Error: hook `lint` failed",
    ),
    # Source, stack and properties around the message.
    (
        (
            "/srv/agent/authentication/login.js:12\n"
            '  throw new Error("no settings"); // unauthorized: api key is missing\n'
            "        ^\n\nError: no settings\n"
            "    at checkApiKey (/srv/agent/authentication/login.js:12:9)\n"
            "    at rateLimit (/srv/agent/rate-limit/index.js:3:1) {\n"
            "  code: 'NO_SETTINGS',\n  hint: 'rate limit reached'\n}\n\nNode.js v20.20.2"
        ),
        "Error: no settings",
    ),
    (
        (
            "Traceback (most recent call last):\n"
            '  File "/srv/billing/quota.py", line 3, in check\n'
            '    raise ValueError("quota exceeded")\n'
            "ValueError: quota exceeded\n\n"
            "During handling of the above exception, another exception occurred:\n\n"
            "Traceback (most recent call last):\n"
            '  File "/srv/billing/quota.py", line 6, in <module>\n    main()\n'
            "RuntimeError: no report"
        ),
        "RuntimeError: no report",
    ),
    (
        (
            "warning: usage limit is not set\nnote: unauthorized plugins are skipped\n"
            "error: the grammar is empty\nhint: see https://example.test/rate-limit"
        ),
        "error: the grammar is empty",
    ),
)

MEANT = {
    "Error: Invalid API key": FailureCode.AUTH,
    "OAuth token has expired. Please obtain a new token": FailureCode.AUTH,
    "Error: 503 Service Unavailable": FailureCode.OVERLOADED,
    "Error: Request timed out.": FailureCode.NETWORK,
    "Error: certificate has expired": FailureCode.NETWORK,
    "Error: No API key found for the provider": FailureCode.AUTH,
    "Error: OPENAI_API_KEY is not set": FailureCode.AUTH,
    "Please log in again": FailureCode.AUTH,
    "You are not logged in": FailureCode.AUTH,
    "401 Unauthorized": FailureCode.AUTH,
    "authentication_error: x-api-key header is required": FailureCode.AUTH,
    "Authentication failed for the provider": FailureCode.AUTH,
    "Failed to authenticate": FailureCode.AUTH,
    "Your credit balance is too low to access the API": FailureCode.BUDGET_LIMIT,
    "insufficient_quota": FailureCode.BUDGET_LIMIT,
    "Billing hard limit has been reached": FailureCode.BUDGET_LIMIT,
    "402 Payment Required": FailureCode.BUDGET_LIMIT,
    "rate_limit_exceeded": FailureCode.RATE_LIMITED,
    "Rate limit reached for the model": FailureCode.RATE_LIMITED,
    "429 Too Many Requests": FailureCode.RATE_LIMITED,
    "Claude AI usage limit reached|1760000000": FailureCode.RATE_LIMITED,
    "5-hour limit reached ∙ resets 3pm": FailureCode.RATE_LIMITED,
    "You've hit your usage limit": FailureCode.RATE_LIMITED,
    "You've reached your weekly limit": FailureCode.RATE_LIMITED,
    "Overloaded": FailureCode.OVERLOADED,
    "overloaded_error": FailureCode.OVERLOADED,
    "Selected model is at capacity": FailureCode.OVERLOADED,
    "The model `gpt-none` does not exist": FailureCode.MODEL_UNKNOWN,
    "Model not found: none": FailureCode.MODEL_UNKNOWN,
    'model "none" not found, try pulling it first': FailureCode.MODEL_UNKNOWN,
    "The 'gpt-none' model is not supported": FailureCode.MODEL_UNKNOWN,
    "model_not_found": FailureCode.MODEL_UNKNOWN,
    "Error: connect ECONNREFUSED 127.0.0.1:9": FailureCode.NETWORK,
    "Error: getaddrinfo EAI_AGAIN api.example.test": FailureCode.NETWORK,
    "Error: getaddrinfo ENOTFOUND api.example.test": FailureCode.NETWORK,
    "TypeError: fetch failed": FailureCode.NETWORK,
    "Error: socket hang up": FailureCode.NETWORK,
    "httpx.ConnectError: connection refused": FailureCode.NETWORK,
    "ConnectionRefusedError: [Errno 111] Connection refused": FailureCode.NETWORK,
    "error sending request for url (https://api.example.test/v1)": FailureCode.NETWORK,
    "Error: self-signed certificate in certificate chain": FailureCode.NETWORK,
    "Error: unable to get local issuer certificate": FailureCode.NETWORK,
    "Prompt is too long": FailureCode.CONTEXT_TOO_LONG,
    "context_length_exceeded": FailureCode.CONTEXT_TOO_LONG,
    "This model's maximum context length is 8192 tokens": FailureCode.CONTEXT_TOO_LONG,
    "Your input exceeds the context window of this model": FailureCode.CONTEXT_TOO_LONG,
    "error: unknown option '--frobnicate'": FailureCode.OPTION_REFUSED,
    "error: unexpected argument '--x' found": FailureCode.OPTION_REFUSED,
    "agent: error: unrecognized arguments: --x 1": FailureCode.OPTION_REFUSED,
}
"""What services and programs really say, whatever agent passes it on."""


def agent(name: str) -> Backend:
    """A real agent's backend, or a declared one that prints JSON lines."""
    if name in REAL:
        return backends.get(name)
    places = {"format": "jsonl", "text": "answer", "error": "error"}
    form = {"program": "toy", "start": ["go"], "output": places}
    config = json.dumps({"backends": {"toy": {"declared": form}}}).encode()
    return declared("toy", check_config(config, "c.yaml", ())["backends.toy.declared"])


def events_with(name: str, words: str) -> list[Mapping[str, Any]]:
    """How that agent says that the turn failed, in its own form."""
    forms: Mapping[str, list[Mapping[str, Any]]] = {
        "claude": [
            {"type": "system", "subtype": "init", "session_id": "s", "model": "m"},
            {"type": "result", "subtype": "success", "is_error": True, "result": words},
        ],
        "codex": [
            {"type": "thread.started", "thread_id": "s"},
            {"type": "turn.failed", "error": {"message": words}},
        ],
        "gemini": [
            {"type": "init", "session_id": "s", "model": "m"},
            {"type": "result", "status": "error", "error": {"type": "Error", "message": words}},
        ],
        "grok": [
            {"type": "system", "subtype": "init", "session_id": "s", "model": "m"},
            {
                "type": "result",
                "subtype": "error_during_execution",
                "is_error": True,
                "errors": [f"Internal error: {json.dumps(words)}"],
            },
        ],
        "opencode": [
            {
                "type": "error",
                "sessionID": "s",
                "error": {"name": "UnknownError", "data": {"message": words}},
            },
        ],
        "qwen": [
            {"type": "system", "subtype": "init", "session_id": "s", "model": "m"},
            {
                "type": "result",
                "subtype": "error_during_execution",
                "is_error": True,
                "error": {"message": words},
            },
        ],
        "declared": [{"error": words}],
    }
    return forms[name]


def judged(name: str, lines: list[str], stderr: str) -> tuple[FailureCode, str]:
    """What the failure of such a run is taken for, and its message."""
    parser = agent(name).parser(TurnRequest(prompt="p", cwd=Path("/project")))
    events = [event for line in lines for event in parser.feed(line)]
    if not any(isinstance(event, Result) for event in events):
        events += parser.finish(1, stderr)
    result = events[-1]
    assert isinstance(result, Result)
    assert result.failure is not None
    return result.failure.code, result.failure.message


def in_its_own_form(name: str, words: str) -> tuple[FailureCode, str]:
    """The same of an error that the agent said as an event."""
    return judged(name, [json.dumps(event) for event in events_with(name, words)], "")


@pytest.mark.parametrize("words", MISLEADING)
def test_names_in_an_error_do_not_decide_its_code(words: str) -> None:
    """Otherwise the hint would be about the account, the network or the sign-in, in vain."""
    for name in NAMES:
        assert judged(name, [], f"{words}\n") == (FailureCode.AGENT_FAILED, words), name
        assert in_its_own_form(name, words)[0] is FailureCode.AGENT_FAILED, name


@pytest.mark.parametrize(("stderr", "message"), AMONG_OTHERS)
def test_text_around_the_agents_error_is_not_the_error(stderr: str, message: str) -> None:
    """Errors of tools, stacks, source, earlier exceptions, hints and addresses."""
    for name in NAMES:
        assert judged(name, [], stderr) == (FailureCode.AGENT_FAILED, message), name


@pytest.mark.parametrize(("words", "code"), MEANT.items())
def test_errors_of_the_service_are_recognized_from_every_agent(
    words: str, code: FailureCode
) -> None:
    """On stderr, as an event, and with an address beside it."""
    assert code_of_words(words, ()) is code
    assert code_of_words(f"request to https://api.example.test/v1/messages: {words}", ()) is code
    for name in NAMES:
        assert judged(name, [], f"starting\n{words}\n")[0] is code, name
        assert in_its_own_form(name, words)[0] is code, name


def test_a_declared_pattern_is_looked_for_in_every_line_of_its_own() -> None:
    """`^` is the start of a line, and the line that it matched is the message."""
    form = {
        "program": "toy",
        "start": ["go"],
        "errors": {"^no such chat": "conversation_gone", "^E77": "rate_limited"},
    }
    config = json.dumps({"backends": {"toy": {"declared": form}}}).encode()
    backend = declared("toy", check_config(config, "c.yaml", ())["backends.toy.declared"])
    for stderr, code in (
        ("loading\nno such chat: 5\n", FailureCode.CONVERSATION_GONE),
        ("E77 slow down\nbye\n", FailureCode.RATE_LIMITED),
        ("I found no such chat\n", FailureCode.AGENT_FAILED),
    ):
        parser = backend.parser(TurnRequest(prompt="p", cwd=Path("/project")))
        result = list(parser.finish(1, stderr))[-1]
        assert isinstance(result, Result)
        assert result.failure is not None
        assert result.failure.code is code
        assert result.failure.message in stderr

"""Google's Gemini API, as Gemini CLI uses it: the model stands in the path."""

import json
import re
from collections.abc import Iterator, Mapping

from bed.dialects._base import (
    Ask,
    BrokenStreamError,
    Dialect,
    Json,
    Reply,
    typed_by_a_person,
)
from bed.directives import Call, Edit, Refusal, Tool, Usage, Write

_PLACE = re.compile(
    r"/v1(?:beta|alpha)?/models/(?P<model>[^/:]+):(?P<what>generateContent|streamGenerateContent)"
)
_COUNT = re.compile(r"/v1(?:beta|alpha)?/models/[^/:]+:countTokens")
_EXIT_CODE = re.compile(r"^Exit Code: (?!0$)", re.MULTILINE)

_ERRORS: Mapping[int, tuple[str, str]] = {
    400: ("INVALID_ARGUMENT", "Request contains an invalid argument."),
    401: ("UNAUTHENTICATED", "API keys are not supported by this API. Expected OAuth2 token."),
    403: ("PERMISSION_DENIED", "The caller does not have permission"),
    404: (
        "NOT_FOUND",
        (
            "models/{model} is not found for API version v1beta, or is not supported for "
            "generateContent. Call ListModels to see the list of available models and their "
            "supported methods."
        ),
    ),
    429: ("RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
    500: ("INTERNAL", "An internal error has occurred. Please retry or report the problem."),
    503: ("UNAVAILABLE", "The model is overloaded. Please try again later."),
}
_QUOTA = (
    "You exceeded your current quota, please check your plan and billing details. "
    "* Quota exceeded for metric: generate_content_free_tier_requests, limit: 50"
)
_MESSAGES: Mapping[str, str] = {
    "context_too_long": (
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."
    ),
    "invalid_key": "API key not valid. Please pass a valid API key.",
    "insufficient_quota": _QUOTA,
}
_DETAILS: Mapping[str, list[Json]] = {
    "invalid_key": [
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "API_KEY_INVALID",
            "domain": "googleapis.com",
        }
    ],
    "insufficient_quota": [
        {
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}],
        }
    ],
}


class Gemini(Dialect):
    """`POST /v1beta/models/MODEL:streamGenerateContent` and `:generateContent`."""

    name = "gemini"
    path = "/v1beta/models/gemini-2.5-pro:streamGenerateContent"

    def serves(self, path: str) -> bool:
        """Whether a model is asked there, whichever it is."""
        return _PLACE.fullmatch(path) is not None

    def read(self, body: Json, headers: Mapping[str, str]) -> Ask:
        """The request; one without the agent's tools is a side request."""
        place = _PLACE.fullmatch(headers[":path"].partition("?")[0])
        assert place is not None
        prompts: list[str] = []
        results: list[str | None] = []
        for content in body["contents"]:
            if content.get("role") == "model":
                continue
            for part in content["parts"]:
                if typed := typed_by_a_person(part.get("text", "")):
                    prompts.append(typed)
                    results.clear()
                if response := part.get("functionResponse"):
                    results.append(_result(response["response"]))
        declared = [
            function["name"]
            for tool in body.get("tools") or []
            for function in tool.get("functionDeclarations", [])
        ]
        return Ask(
            model=place["model"],
            stream=place["what"] == "streamGenerateContent",
            kind="main" if "write_file" in declared or "read_file" in declared else "side",
            prompts=tuple(prompts),
            results=tuple(results),
            tools=frozenset(declared),
        )

    def stream(self, ask: Ask, reply: Reply) -> Iterator[bytes]:
        """The chunks of one answer; only the last has its end and its final figures."""
        if reply.think:
            yield _chunk(ask, reply, [{"text": reply.think, "thought": True}])
        try:
            for piece in reply.pieces:
                yield _chunk(ask, reply, [{"text": piece}])
        except BrokenStreamError as broken:
            if broken.type is None:
                raise
            _, body = self.refusal(ask, Refusal(status=503, type=broken.type))
            yield _event(body)
            return
        for kind, said in reply.blocks:
            part: Json = {"text": said} | ({"thought": True} if kind == "think" else {})
            yield _chunk(ask, reply, [part])
        yield _event(_last(ask, reply, [_call(reply)] if reply.call else [{"text": ""}]))

    def whole(self, ask: Ask, reply: Reply) -> Json:
        """The answer as one object."""
        parts: list[Json] = [{"text": reply.think, "thought": True}] if reply.think else []
        if said := "".join(reply.pieces):
            parts.append({"text": said})
        if reply.call:
            parts.append(_call(reply))
        return _last(ask, reply, parts)

    def refusal(self, ask: Ask, refusal: Refusal) -> tuple[int, Json]:
        """The error body; `type` may name one of this dialect's messages."""
        status = 503 if refusal.status == 529 else refusal.status
        kind, message = _ERRORS.get(status, ("UNKNOWN", "error"))
        message = _MESSAGES.get(refusal.type or "", message).format(model=ask.model)
        error: Json = {"code": status, "message": refusal.words or message, "status": kind}
        if details := _DETAILS.get(refusal.type or ""):
            error["details"] = details
        return status, {"error": error}

    def aside(self, method: str, path: str) -> Json | None:
        """Token counts."""
        return {"totalTokens": 100} if method == "POST" and _COUNT.fullmatch(path) else None


def _result(response: Mapping[str, Json]) -> str | None:
    """None if the tool did well; a shell command's exit code stands in the words."""
    if "error" in response:
        return str(response["error"])
    said = str(response.get("output", ""))
    return said if _EXIT_CODE.search(said) else None


def _event(data: Json) -> bytes:
    return f"data: {json.dumps(data)}\r\n\r\n".encode()


def _chunk(ask: Ask, reply: Reply, parts: list[Json]) -> bytes:
    return _event(
        {
            "candidates": [{"content": {"parts": parts, "role": "model"}, "index": 0}],
            "usageMetadata": {
                "promptTokenCount": reply.usage.input_tokens,
                "totalTokenCount": reply.usage.input_tokens,
            },
            "modelVersion": ask.model,
            "responseId": reply.id,
        }
    )


def _last(ask: Ask, reply: Reply, parts: list[Json]) -> Json:
    content = {"parts": parts, "role": "model"}
    return {
        "candidates": [{"content": content, "finishReason": reply.finish or "STOP", "index": 0}],
        "usageMetadata": _usage(reply.usage),
        "modelVersion": ask.model,
        "responseId": reply.id,
    }


def _usage(usage: Usage) -> Json:
    """What the cache had is a part of the prompt; thoughts are no part of the candidates."""
    figures = {
        "promptTokenCount": usage.input_tokens,
        "candidatesTokenCount": usage.output_tokens - usage.reasoning_tokens,
        "totalTokenCount": usage.input_tokens + usage.output_tokens,
    }
    if usage.cached_tokens:
        figures["cachedContentTokenCount"] = usage.cached_tokens
    if usage.reasoning_tokens:
        figures["thoughtsTokenCount"] = usage.reasoning_tokens
    return figures


def _call(reply: Reply) -> Json:
    name, arguments = _tool(reply.call)
    return {"functionCall": {"name": name, "args": arguments}, "thoughtSignature": "c2ln"}


def _tool(call: Call | None) -> tuple[str, Json]:
    if isinstance(call, Write):
        return "write_file", {"file_path": call.path, "content": call.content}
    if isinstance(call, Edit):
        change = {"old_string": call.old, "new_string": call.new}
        return "replace", {"file_path": call.path, "instruction": "As asked", **change}
    if isinstance(call, Tool):
        return call.name, dict(call.arguments)
    assert call is not None
    return "run_shell_command", {"command": call.command, "description": "As the prompt asked"}

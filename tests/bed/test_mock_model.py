"""The mock model itself: what the end-to-end tests rely on without looking."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from bed.directives import Run, Usage, Write, read_script
from bed.mock_model import MockModel

TIMEOUT_S = 20
TOOLS = {
    "anthropic": [{"name": "Bash"}, {"name": "Read"}, {"name": "Write"}],
    "responses": [{"type": "function", "name": "exec_command"}],
    "chat": [{"type": "function", "function": {"name": "bash"}}],
}
PATHS = {
    "anthropic": "/v1/messages",
    "responses": "/v1/responses",
    "chat": "/v1/chat/completions",
}
each = pytest.mark.parametrize("dialect", PATHS)


@pytest.fixture
def server() -> Iterator[MockModel]:
    """A mock model of this test's own."""
    with MockModel() as running:
        yield running


def body_of(dialect: str, *prompts: str, **more: Any) -> dict[str, Any]:
    """A request as small as it can be, after a wrapped message that an agent made up."""
    words = ["<environment_context>\n  <cwd>/</cwd>\n</environment_context>", *prompts]
    messages = [{"role": "user", "content": word} for word in words]
    key = "input" if dialect == "responses" else "messages"
    return {"model": "m", key: messages, "tools": TOOLS[dialect], **more}


def ask(server: MockModel, dialect: str, body: dict[str, Any], key: str | None = "a-key") -> str:
    """The raw answer to that request, by somebody with that key."""
    request = urllib.request.Request(server.url + PATHS[dialect], json.dumps(body).encode())
    if key is not None:
        request.add_header("authorization", f"Bearer {key}")
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
        return str(response.read().decode())


def text_of(dialect: str, raw: str) -> str:
    """The answer's text in a body that was not streamed."""
    answer = json.loads(raw)
    if dialect == "chat":
        return str(answer["choices"][0]["message"]["content"])
    content = answer["content"] if dialect == "anthropic" else answer["output"][0]["content"]
    return str(content[0]["text"])


@each
def test_only_the_prompts_that_a_person_typed_are_remembered(
    server: MockModel, dialect: str
) -> None:
    """Context that an agent adds is no prompt, so the count proves that a resume remembers."""
    raw = ask(server, dialect, body_of(dialect, "one", "two", "three"))
    assert text_of(dialect, raw) == "You said: three. I remember 2 earlier prompts."


def test_cached_tokens_are_reported_in_the_format_of_each_api(server: MockModel) -> None:
    """Anthropic's input count excludes cached tokens, OpenAI's includes them."""
    prompt = "[[usage:in=100,cached=40,write=5,out=20,reasoning=7]]"
    anthropic, responses, chat = (
        json.loads(ask(server, dialect, body_of(dialect, prompt)))["usage"] for dialect in PATHS
    )
    assert (anthropic["input_tokens"], anthropic["cache_read_input_tokens"]) == (55, 40)
    assert anthropic["cache_creation_input_tokens"] == 5
    assert responses["input_tokens"] == 100
    assert responses["input_tokens_details"]["cached_tokens"] == 40
    assert responses["output_tokens_details"]["reasoning_tokens"] == 7
    assert (chat["prompt_tokens"], chat["completion_tokens"]) == (100, 20)
    assert chat["prompt_tokens_details"]["cached_tokens"] == 40
    assert chat["completion_tokens_details"]["reasoning_tokens"] == 7
    assert [bill.usage for bill in server.billed] == 3 * [
        Usage(
            input_tokens=100,
            cached_tokens=40,
            cache_write_tokens=5,
            output_tokens=20,
            reasoning_tokens=7,
        )
    ]


@each
def test_an_answer_stops_at_its_gate_until_it_is_released(server: MockModel, dialect: str) -> None:
    """Between `wait_at_gate` and `release` the answer is half done, and not yet fully billed."""
    answers: list[str] = []
    body = body_of(dialect, "go [[gate]]", stream=True)
    client = threading.Thread(target=lambda: answers.append(ask(server, dialect, body)))
    client.start()
    server.wait_at_gate()
    assert not answers
    assert [bill.finished for bill in server.billed] == [False]
    server.release()
    client.join(TIMEOUT_S)
    assert "so far " in answers[0]
    assert [bill.finished for bill in server.billed] == [True]


@each
def test_a_refusal_may_pass_after_some_times(server: MockModel, dialect: str) -> None:
    """`[[error:429*2]]` refuses twice with the status and then answers; refusals cost nothing."""
    body = body_of(dialect, "go [[error:429*2]]")
    for _ in range(2):
        with pytest.raises(urllib.error.HTTPError) as refused:
            ask(server, dialect, body)
        assert refused.value.code == 429
        assert "error" in json.load(refused.value)
    assert text_of(dialect, ask(server, dialect, body)).startswith("You said: go")
    assert len(server.billed) == 1


def test_a_request_without_the_agents_tools_is_billed_apart(server: MockModel) -> None:
    """What an agent asks on its own account is a side request, and no directive applies to it."""
    raw = ask(server, "anthropic", body_of("anthropic", "[[error:500]]") | {"tools": []})
    assert "title" in text_of("anthropic", raw)
    assert [bill.kind for bill in server.billed] == ["side"]


@each
def test_a_request_without_a_key_is_refused(server: MockModel, dialect: str) -> None:
    """So a test of an agent that is not signed in cannot pass by the mock's kindness."""
    with pytest.raises(urllib.error.HTTPError, match="401"):
        ask(server, dialect, body_of(dialect, "one"), key=None)


def test_an_unknown_model_does_not_exist(server: MockModel) -> None:
    """A model named `no-such…` is refused with 404 in every dialect."""
    for dialect in PATHS:
        with pytest.raises(urllib.error.HTTPError) as refused:
            ask(server, dialect, body_of(dialect, "go") | {"model": "no-such-model"})
        assert refused.value.code == 404
        refused.value.close()


def test_the_journal_is_readable_from_another_process(server: MockModel) -> None:
    """`GET /__journal` has the requests with their bodies, and what was billed."""
    ask(server, "anthropic", body_of("anthropic", "hello"))
    with urllib.request.urlopen(server.url + "/__journal", timeout=TIMEOUT_S) as response:
        journal = json.load(response)
    assert journal["requests"][0]["body"]["messages"][-1]["content"] == "hello"
    assert journal["billed"][0]["usage"]["input_tokens"] == 100


def test_directives_combine_and_leave_the_rest_of_the_prompt() -> None:
    """Tool calls keep the order in which they stand; what is no directive is the plain prompt."""
    script = read_script("Do [[run:ls]] it [[write:/a b|x|y]][[steps:1]][[slow:3:20]]")
    assert script.plain == "Do it"
    assert script.calls == (Run("ls"), Write("/a b", "x|y"), Run("true 1"))
    assert (script.pieces, script.pause_s) == (3, 0.02)


def test_an_unknown_directive_is_a_mistake_of_the_test() -> None:
    """A typing error in a test must not pass as an answer."""
    with pytest.raises(KeyError):
        read_script("[[wriet:a|b]]")

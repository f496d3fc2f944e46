"""Tokens and cost, on the real agents: what the mock model billed, turn by turn."""

import subprocess
from typing import Any

import pytest

from bed.command import Command
from bed.mock_model import MockModel

TURNS = (
    "[[usage:in=100,cached=40,write=5,out=20,reasoning=7]] one",
    "[[usage:in=220,cached=150,out=31]] two",
    "[[usage:in=90,out=12]][[steps:2]] three",
    "[[usage:in=1000,cached=900,out=3]] four",
)


def _billed(server: MockModel, since: int) -> dict[str, int]:
    bills = [bill.usage for bill in server.billed[since:] if bill.kind == "main"]
    return {
        "input_tokens": sum(usage.input_tokens for usage in bills),
        "cached_tokens": sum(usage.cached_tokens for usage in bills),
        "output_tokens": sum(usage.output_tokens for usage in bills),
    }


def _said(result: dict[str, Any], billed: dict[str, int]) -> dict[str, int]:
    return {key: result["usage"][key] for key in billed}


def _run_turns(clinvk: Command, server: MockModel, backend: str) -> list[dict[str, Any]]:
    results = []
    for number, prompt in enumerate(TURNS):
        since = len(server.billed)
        how = ["-c"] if number else ["-b", backend, "--access", "full"]
        result = clinvk(*how, "-o", "json", prompt, env={"IS_SANDBOX": "1"}).json()
        billed = _billed(server, since)
        assert result["exit_status"] == 0, result
        assert _said(result, billed) == billed, f"turn {number + 1}"
        results.append(result)
    return results


@pytest.mark.every_agent
def test_each_turn_has_its_own_figures_and_the_session_their_sum(
    clinvk: Command, server: MockModel, backend: str
) -> None:
    """Over four turns, one of them with several steps: each is what was billed for it."""
    _run_turns(clinvk, server, backend)
    shown = clinvk("sessions", "show", "@last", "--json").json()
    total = _billed(server, 0)
    assert _said(shown, total) == total
    assert shown["turns_reported"] == len(TURNS)


@pytest.mark.parametrize("claude", ["claude-next"])
def test_the_newer_claude_is_exact_too(clinvk: Command, server: MockModel, claude: str) -> None:
    """2.1.329 counts money over the whole conversation where 2.1.197 did so per run."""
    assert claude == "claude-next"
    results = _run_turns(clinvk, server, "claude")
    costs = [result["cost_usd"] for result in results]
    assert all(cost > 0 for cost in costs)
    assert costs[3] < costs[0] + costs[1] + costs[2], "the cost of a turn is not a running total"


@pytest.mark.parametrize("claude", ["claude", "claude-next"])
def test_equal_turns_cost_the_same(clinvk: Command, claude: str) -> None:
    """The same bill at each turn gives the same cost at each turn, in every version."""
    assert claude
    costs = []
    for number in range(3):
        how = ["-c"] if number else ["-b", "claude"]
        result = clinvk(*how, "-o", "json", "[[usage:in=300,out=30]] go").json()
        costs.append(result["cost_usd"])
    assert costs[0] is not None
    assert costs == pytest.approx([costs[0]] * 3)
    [session] = clinvk("sessions", "list", "--json").json()
    assert session["cost_usd"] == pytest.approx(sum(costs))


@pytest.mark.parametrize("claude", ["claude", "claude-next"])
def test_an_answer_that_was_cut_off_has_no_figures_and_the_next_are_exact(
    clinvk: Command, server: MockModel, claude: str
) -> None:
    """The agent repeats the request itself and counts wrong, in 2.1.332 for the conversation."""
    assert claude
    ask = "[[usage:in=200,out=20]]"
    broken = {"[[cut]]", "[[steps:1]] [[cut]]", "[[steps:1]] [[fail:overloaded_error]]"}
    clinvk("-b", "claude", "--access", "full", f"{ask} one")
    for what in ("[[error:529*1]]", *sorted(broken), "[[empty]]", "[[steps:2]] [[empty]]"):
        since = len(server.billed)
        told = clinvk("-c", "-o", "json", f"{ask} {what}").json()
        if what in broken:
            assert set(told["usage"].values()) == {None}, what
            assert told["cost_usd"] is None
        else:
            assert _said(told, _billed(server, since)) == _billed(server, since), what


def test_figures_that_are_not_known_are_null(clinvk: Command) -> None:
    """Codex tells no cost: null in JSON and `—` for people, never 0."""
    assert clinvk("-b", "codex", "-o", "json", "one").json()["cost_usd"] is None
    shown = clinvk("sessions", "show", "@last").stdout
    assert "Cost:              —\n" in shown


def test_a_broken_turn_leaves_the_next_ones_figures_exact(
    clinvk: Command, server: MockModel, backend: str
) -> None:
    """What the broken turn used is unknown, and the totals say so; the next one is only its own."""
    clinvk("-b", backend, "one")
    child = clinvk.popen("-c", "[[gate]] two")
    server.wait_at_gate()
    child.kill()
    child.communicate(timeout=10)
    server.release()
    since = len(server.billed)
    third = clinvk("-c", "-o", "json", "three").json()
    billed = _billed(server, since)
    assert _said(third, billed) == billed
    shown = clinvk("sessions", "show", "@last")
    assert "of 3 turns reported" in shown.stdout


@pytest.mark.parametrize("claude", ["claude", "claude-next"])
def test_the_usage_of_a_sub_agent_is_part_of_the_turn(
    clinvk: Command, server: MockModel, claude: str
) -> None:
    """It has its own model and its own bill, and is counted once, also over resumes."""
    assert claude
    agents = clinvk.home.project / ".claude/agents"
    agents.mkdir(parents=True)
    told = "name: helper\ndescription: helps\nmodel: haiku"
    (agents / "helper.md").write_text(f"---\n{told}\n---\nYou help.\n")
    results = []
    for number in range(3):
        since = len(server.billed)
        how = ["-c"] if number else ["-b", "claude", "--access", "full"]
        prompt = "[[usage:in=500,out=50]] [[delegate:help with it]] go"
        result = clinvk(*how, "-o", "json", prompt).json()
        assert result["exit_status"] == 0, result
        bills = server.billed[since:]
        assert len({bill.model for bill in bills}) == 2, bills
        assert result["usage"]["input_tokens"] == sum(bill.usage.input_tokens for bill in bills)
        assert result["usage"]["output_tokens"] == sum(bill.usage.output_tokens for bill in bills)
        results.append(result)
    costs = [result["cost_usd"] for result in results]
    assert costs == pytest.approx([costs[0]] * 3)


def test_a_turn_that_failed_after_its_tools_has_its_own_figures(
    clinvk: Command, server: MockModel, backend: str
) -> None:
    """What was refused was not billed; what was answered before it was, and is told."""
    clinvk("-b", backend, "--access", "full", "one")
    since = len(server.billed)
    failed = clinvk("-c", "-o", "json", "[[usage:in=300,out=30]] [[steps:2]] [[error:400]]").json()
    assert failed["exit_status"] == 1
    assert _said(failed, _billed(server, since)) == _billed(server, since)
    assert failed["usage"]["input_tokens"] == 600
    [session] = clinvk("sessions", "list", "--json").json()
    assert (session["turns"], session["turns_reported"]) == (2, 2)


def test_a_summary_that_the_agent_makes_for_itself_is_counted(
    clinvk: Command, server: MockModel
) -> None:
    """Codex makes room in a long thread by a request of its own: it is in the turn, and once."""
    clinvk("-b", "codex", "--access", "full", "one")
    since = len(server.billed)
    long = clinvk("-c", "-o", "json", "[[usage:in=400000,out=10]] [[steps:1]] two").json()
    bills = server.billed[since:]
    assert "side" in {bill.kind for bill in bills}
    assert long["usage"]["input_tokens"] == sum(bill.usage.input_tokens for bill in bills)
    since = len(server.billed)
    after = clinvk("-c", "-o", "json", "three").json()
    assert _said(after, _billed(server, since)) == _billed(server, since)


def test_the_usage_of_a_sub_agent_of_qwen_is_part_of_the_turn(
    clinvk: Command, server: MockModel
) -> None:
    """In a first turn, in a further one, and after a turn in qwen's own CLI; counted once."""
    asked = '{"description": "h", "prompt": "Help.", "subagent_type": "general-purpose"}'
    delegates = f"[[usage:in=100,out=10]] Ask. [[tool:agent|{asked}]]"
    begins = ["-b", "qwen", "--access", "full", "-s", "one"]
    for how, prompt in (
        (begins, delegates),
        (["-s", "one"], "[[usage:in=200,out=20]] two"),
        (["-s", "one"], delegates),
        (["-s", "one"], "[[usage:in=200,out=20]] four"),
        (None, "[[usage:in=300,out=30]] outside"),
        (["-s", "one"], "[[usage:in=200,out=20]] five"),
        (["-s", "one"], delegates),
    ):
        if how is None:
            shown = clinvk("sessions", "show", "one", "--json").json()
            subprocess.run(
                [clinvk.home.bin / "qwen", "--resume", shown["backend_session_id"]],
                input=prompt,
                env=clinvk.home.env,
                cwd=clinvk.home.project,
                text=True,
                capture_output=True,
                timeout=60,
                check=True,
            )
            continue
        since = len(server.billed)
        result = clinvk(*how, "-o", "json", prompt).json()
        assert result["exit_status"] == 0, result
        bills = [bill.usage for bill in server.billed[since:]]
        billed = {
            "input_tokens": sum(usage.input_tokens for usage in bills),
            "output_tokens": sum(usage.output_tokens for usage in bills),
        }
        assert _said(result, billed) == billed
        assert len(bills) == (4 if prompt == delegates else 1)

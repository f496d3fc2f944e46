"""What the mock model was asked and what it billed, kept for the test to read."""

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from bed.directives import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request; `body` is parsed JSON, None where there was none."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What one answered request costs; `finished` is false where the answer was cut off."""

    kind: Literal["main", "side"]
    model: str
    usage: Usage
    finished: bool = False


class Ledger:
    """Requests and bills in order of arrival; safe across threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: list[Request] = []
        self._bills: list[Bill] = []
        self._refused: dict[tuple[str, ...], int] = {}

    @property
    def requests(self) -> tuple[Request, ...]:
        """Every request so far."""
        with self._lock:
            return tuple(self._requests)

    @property
    def bills(self) -> tuple[Bill, ...]:
        """Every bill so far."""
        with self._lock:
            return tuple(self._bills)

    def note(self, request: Request) -> None:
        """Keep a request."""
        with self._lock:
            self._requests.append(request)

    def open(self, bill: Bill) -> int:
        """Keep a bill whose answer is on its way; the number is for `close`."""
        with self._lock:
            self._bills.append(bill)
            return len(self._bills) - 1

    def close(self, number: int) -> None:
        """The answer of that bill was sent to its end."""
        with self._lock:
            self._bills[number] = replace(self._bills[number], finished=True)

    def refuse_again(self, prompts: tuple[str, ...], times: int | None) -> bool:
        """Whether this conversation is still to be refused; counts the refusal if so."""
        with self._lock:
            so_far = self._refused.get(prompts, 0)
            if times is not None and so_far >= times:
                return False
            self._refused[prompts] = so_far + 1
            return True

    def journal(self) -> dict[str, Any]:
        """All of it as JSON."""
        return {
            "requests": [asdict(request) for request in self.requests],
            "billed": [asdict(bill) for bill in self.bills],
        }

"""A model that does as the prompt says, on loopback, in the APIs that the agents speak.

    with MockModel() as server:
        server.url                  # http://127.0.0.1:PORT
        server.billed               # what each answered request costs, in order
        server.requests             # every request with its whole body
        server.wait_at_gate()       # until an answer has come to its `[[gate]]`
        server.release()            # let it go on

The prompt's language is in `directives.py`. Across processes the same is had by `GET /__journal`
and `POST /__release`. A model whose name contains `no-such` does not exist (404), and who
sends no key at all is refused (401). `python tests/bed/mock_model.py --port N` runs one in the
foreground.
"""

import argparse
import contextlib
import itertools
import json
import select
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

if __package__ in {None, ""}:  # run as a file: its folder's folder is where `bed` is found
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bed.answers import answer_pieces, answer_text, next_call
from bed.dialects import DIALECTS, Ask, BrokenStreamError, Dialect, Json, Reply
from bed.directives import Refusal, Script, Usage, read_script
from bed.gate import POLL_S, Gate
from bed.ledger import Bill, Ledger, Request

_KEYS = ("authorization", "x-api-key", "x-goog-api-key")
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class MockModel:
    """The server; it listens from the start, and stops with `close` or at the end of `with`.

    `scripts` are the directives that a prompt stands for which has none, for one that is shown.
    """

    def __init__(self, port: int = 0, *, scripts: Mapping[str, str] | None = None) -> None:
        self.scripts = scripts or {}
        self.ledger = Ledger()
        self.gate = Gate()
        self.stopping = threading.Event()
        self.ids = itertools.count(1)
        self._http = _Server(("127.0.0.1", port), self)
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(POLL_S,), daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that was given by the system, or asked for."""
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def requests(self) -> tuple[Request, ...]:
        """Every request so far, with its body."""
        return self.ledger.requests

    @property
    def billed(self) -> tuple[Bill, ...]:
        """What every answered request was billed, side requests too."""
        return self.ledger.bills

    def release(self) -> None:
        """Let the answers go on that wait at their gate."""
        self.gate.release()

    def wait_at_gate(self, timeout_s: float = 60.0) -> None:
        """Return when an answer waits at its gate; raise `TimeoutError` if none does in time."""
        if not self.gate.reached(timeout_s):
            raise TimeoutError("no answer came to its gate")

    def close(self) -> None:
        """Stop; answers in progress are dropped."""
        self.stopping.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], model: MockModel) -> None:
        self.model = model
        super().__init__(address, _Exchange)

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet about clients that were killed; any other error is a bug of the bed."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _serve(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        raw = self.rfile.read(length)
        path = self.path.partition("?")[0]
        model = self.server.model
        if path == "/__journal":
            return self._send(200, model.ledger.journal())
        if path == "/__release":
            model.release()
            return self._send(200, {})
        body = json.loads(raw) if raw else None
        headers = {name.lower(): value for name, value in self.headers.items()} | {
            ":path": self.path
        }
        model.ledger.note(Request(method=self.command, path=self.path, headers=headers, body=body))
        for dialect in DIALECTS:
            if self.command == "POST" and dialect.serves(path):
                return self._answer(dialect, dialect.read(body, headers))
            if (aside := dialect.aside(self.command, path)) is not None:
                return self._send(200, aside)
        return self._send(200 if path == "/" else 404, {})

    do_GET = do_HEAD = do_POST = _serve  # noqa: N815  the names that http.server calls

    def _answer(self, dialect: Dialect, ask: Ask) -> None:
        model = self.server.model
        side = ask.kind == "side" or not ask.prompts
        prompt = "" if side else ask.prompts[-1]
        script = read_script(model.scripts.get(prompt, prompt))
        call = next_call(ask, script)
        refusal = _due_refusal(model.ledger, ask, script, answering=call is None)
        if not self._has_key():
            refusal = Refusal(status=401)
        if refusal:
            status, body = dialect.refusal(ask, refusal)
            return self._send(status, body, dialect.refusal_headers)
        if script.hang and call is None:
            return self._hang()
        text = "" if call else answer_text(ask, script)
        reply = Reply(
            id=f"{next(model.ids):04d}",
            usage=script.usage if ask.kind == "main" else Usage(),
            think=script.think if not ask.results else None,
            blocks=() if call else script.blocks,
            pieces=iter(()) if call else answer_pieces(text, script, self._wait_at_gate),
            call=call,
            finish=None if call else script.finish,
        )
        bill = Bill(kind=ask.kind, model=ask.model, usage=reply.usage)
        number = model.ledger.open(bill)
        try:
            if ask.stream:
                self._stream(dialect.stream(ask, reply))
            else:
                self._send(200, dialect.whole(ask, reply))
        except BrokenStreamError as broken:
            return self._break(dialect, ask, broken)
        return model.ledger.close(number)

    def _has_key(self) -> bool:
        return any(name in self.headers for name in _KEYS)

    def _stream(self, chunks: Iterator[bytes]) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        for chunk in chunks:
            self.wfile.write(chunk)
            self.wfile.flush()

    def _break(self, dialect: Dialect, ask: Ask, broken: BrokenStreamError) -> None:
        """End an answer that was not to be: within the stream there is nothing left to say."""
        if broken.type and not ask.stream:
            status, body = dialect.refusal(ask, Refusal(status=529, type=broken.type))
            self._send(status, body)
            return
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _send(self, status: int, body: Json, more: Mapping[str, str] = _NO_HEADERS) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        for name, value in more.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _wait_at_gate(self) -> None:
        self.server.model.gate.wait(self._gone)

    def _hang(self) -> None:
        while not self._gone():
            self.server.model.stopping.wait(POLL_S)
        self.close_connection = True

    def _gone(self) -> bool:
        """Whether there is nobody left to answer: the client hung up, or the server stops."""
        if self.server.model.stopping.is_set():
            return True
        readable, _, _ = select.select([self.connection], [], [], 0)
        if not readable:
            return False
        with contextlib.suppress(ConnectionError):
            return not self.connection.recv(1, socket.MSG_PEEK)
        return True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  http.server's name
        """Say nothing: what was asked is in the journal."""


def _due_refusal(ledger: Ledger, ask: Ask, script: Script, *, answering: bool) -> Refusal | None:
    if "no-such" in ask.model:
        return Refusal(status=404)
    refusal = script.refusal
    if refusal and answering and ledger.refuse_again(ask.prompts, refusal.times):
        return refusal
    return None


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="a mock model server on loopback")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    with MockModel(parser.parse_args().port) as server:
        print(server.url, flush=True)  # noqa: T201  whoever starts it needs to know
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()

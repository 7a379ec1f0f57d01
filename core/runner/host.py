"""The child process: `python -m core.runner.host FOLDER --ref hf:NAME`, spawned by the pool.

Reads orders from standard input, writes replies to standard output (see `protocol`), and ends
when standard input is closed, whatever it is doing. Everything else that is printed by any
library goes to standard error, which the pool keeps in a file.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import ModelRefused, OutOfMemory, ServerFault, WorkbenchError
from core.runner import protocol
from core.runner.loading import from_words

if TYPE_CHECKING:
    from core.runner.host_generate import Engine

Order = Mapping[str, Any]
NICENESS = 5  # of a model that uses all cores: screens and sockets come first
PR_SET_PDEATHSIG = 1


class Wire:
    """The pipes to the app. Cancel marks and the end are seen at once, other orders queue."""

    def __init__(self) -> None:
        self._out = os.dup(1)
        os.dup2(2, 1)  # a stray print must not look like a reply
        self._orders: queue.SimpleQueue[Order] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        threading.Thread(target=self._read, name="orders", daemon=True).start()

    def say(self, kind: str, **content: Any) -> None:
        line = protocol.encode({"say": kind, **content})
        try:
            while line:
                line = line[os.write(self._out, line) :]
        except OSError:
            os._exit(0)  # nobody listens any more

    def next_order(self) -> Order:
        return self._orders.get()

    def cancelled(self, number: int) -> bool:
        return number in self._cancelled

    def forget(self, number: int) -> None:
        self._cancelled.discard(number)

    def _read(self) -> None:
        with open(0, "rb", closefd=False) as stream:
            for line in stream:
                order = protocol.decode(line)
                if order is None:
                    continue
                if order.get("do") == protocol.CANCEL:
                    self._cancelled.add(order["id"])
                else:
                    self._orders.put(order)
        os._exit(0)  # the app is gone or wants us gone: nothing here is worth saving


class Server:
    """Carries out orders one by one, as its table says."""

    def __init__(self, wire: Wire, ref: str, table: Mapping[str, Callable[[Order], None]]) -> None:
        self._wire = wire
        self._ref = ref
        self._table = table

    def serve(self) -> None:
        while True:
            order = self._wire.next_order()
            action = self._table.get(str(order.get("do")), self._unknown)
            try:
                action(order)
            except WorkbenchError as error:
                self._fail(order, error)
            except Exception as error:  # one bad request must not take the model down
                self._recover()
                self._fail(order, _explained(error, self._ref))

    def _recover(self) -> None:
        """Forget what a failed order may have left half done."""

    def _unknown(self, order: Order) -> None:
        raise ServerFault(model=self._ref, detail=f"unknown order {order.get('do')!r}")

    def _fail(self, order: Order, error: WorkbenchError) -> None:
        fail(self._wire, error, order.get("id"))


class Host(Server):
    """Holds a model that answers. A new order is a line in the table and a method."""

    def __init__(self, wire: Wire, engine: Engine, ref: str) -> None:
        table = {
            protocol.GENERATE: self._generate,
            protocol.STATUS: self._status,
            protocol.ADAPT: self._adapt,
            protocol.DROP: self._drop,
        }
        super().__init__(wire, ref, table)
        self._engine = engine

    def _recover(self) -> None:
        self._engine.forget()

    def _generate(self, order: Order) -> None:
        number: int = order["id"]
        answer = self._engine.answer(
            protocol.read_ask(order["ask"]), lambda: self._wire.cancelled(number)
        )
        for thought, text in answer:
            self._wire.say(protocol.TEXT, id=number, text=text, thought=thought)
        outcome = answer.outcome
        self._wire.forget(number)
        self._wire.say(
            protocol.DONE,
            id=number,
            reason=outcome.reason,
            prompt_tokens=outcome.prompt_tokens,
            completion_tokens=outcome.completion_tokens,
            dropped_messages=outcome.dropped_messages,
            reused_tokens=outcome.reused_tokens,
            first_token_ms=outcome.first_token_ms,
            total_ms=outcome.total_ms,
            adapters_held=self._engine.adapters_held(),
        )

    def _status(self, order: Order) -> None:
        import torch

        taken = torch.cuda.memory_allocated() if torch.cuda.is_available() else None
        self._done(order, device_bytes=taken, adapters=self._engine.adapters)

    def _adapt(self, order: Order) -> None:
        self._engine.adapt(str(order["folder"]))
        self._done(order)

    def _drop(self, order: Order) -> None:
        self._engine.drop_adapter(str(order["folder"]))
        self._done(order)

    def _done(self, order: Order, **content: Any) -> None:
        content |= {"adapters_held": self._engine.adapters_held()}
        self._wire.say(protocol.DONE, id=order.get("id"), reason=protocol.STOP, **content)


def fail(wire: Wire, error: WorkbenchError, number: int | None = None) -> None:
    reason = error.reason()
    wire.say(protocol.FAILED, id=number, code=reason.code, params=dict(reason.params))


def _explained(error: Exception, ref: str) -> WorkbenchError:
    import traceback

    traceback.print_exc()
    text = str(error).strip().splitlines()
    detail = f"{type(error).__name__}: {text[0][:200]}" if text else type(error).__name__
    if type(error).__name__ == "OutOfMemoryError" or isinstance(error, MemoryError):
        return OutOfMemory(model=ref, detail=detail)
    return ServerFault(model=ref, detail=detail)


def _die_with(parent: int) -> None:
    """Ask Linux to end this process with the app; the closed pipe does it everywhere else."""
    if not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent and os.getppid() != parent:
        os._exit(0)


def _load(wire: Wire, arguments: argparse.Namespace) -> Server:
    begun = time.perf_counter()
    from core.runner.host_model import load

    base = load(arguments.folder, arguments.ref, from_words(arguments.load))
    import torch

    from core.runner.host_generate import Engine

    torch.inference_mode(True).__enter__()
    engine = Engine(base)
    _rehearse(engine)
    settle()
    wire.say(
        protocol.READY,
        load_s=time.perf_counter() - begun,
        **base.report,
    )
    return Host(wire, engine, arguments.ref)


def settle() -> None:
    """Take a place behind screens and sockets, and let the collector pass what stays for good."""
    import gc

    import torch

    if hasattr(os, "nice") and torch.get_num_threads() > 1:
        os.nice(NICENESS)
    gc.collect()
    gc.freeze()


def _rehearse(engine: Engine) -> None:
    """Two tokens for nobody, so that the first real answer does not pay for first uses."""
    ask = protocol.Ask(messages=({"role": "user", "content": "Hi"},), max_tokens=2)
    with contextlib.suppress(ModelRefused):
        for _piece in engine.answer(ask, lambda: False):
            pass


def main(load: Callable[[Wire, argparse.Namespace], Server] = _load) -> int:
    """Load what the command line names, then serve until the app is gone."""
    parser = argparse.ArgumentParser(prog="python -m core.runner.host")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--ref", required=True)
    parser.add_argument("--load", type=json.loads, default={})
    parser.add_argument("--parent", type=int, default=0)
    arguments = parser.parse_args()
    _die_with(arguments.parent)
    wire = Wire()
    try:
        server = load(wire, arguments)
    except WorkbenchError as error:
        fail(wire, error)
        return 3
    except Exception as error:  # reported to the app, whole in the log
        fail(wire, _explained(error, arguments.ref))
        return 4
    server.serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())

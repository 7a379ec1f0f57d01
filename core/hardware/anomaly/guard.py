"""Watches every snapshot by the rules, tells what is wrong, and has it put right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from core.errors import FileInvalid, InvalidInput
from core.hardware.anomaly.detector import Anomaly, Change, Detector
from core.hardware.anomaly.recovery import Action, Recovery, in_a_thread
from core.hardware.anomaly.rules import ACTIONS, Rule, read_file
from core.hardware.anomaly.signals import Signals, Work
from core.hardware.events import Event
from core.hardware.snapshot import Snapshot
from core.rule_file import RuleFile

LOOK_S = 2.0  # a change of the rules is seen after at most this

UNITS = {
    "_bytes": (1e9, "{:.1f} GB"),
    "_celsius": (1, "{:.0f} °C"),
    "_percent": (1, "{:.0f} %"),
    "_share": (0.01, "{:.0f} %"),
    "_watts": (1, "{:.0f} W"),
}


class Guard:
    """`look` is for the sampler's thread, the rest for everybody.

    `work` tells what the app is doing; `may_act` whether it may put things right by itself; `run`
    starts an action.
    """

    def __init__(
        self,
        files: tuple[Path, Path],
        actions: Mapping[str, Action],
        tell: Callable[[Event], None],
        *,
        work: Callable[[], Work] = Work,
        may_act: Callable[[], bool] = lambda: True,
        run: Callable[[Callable[[], None]], None] = in_a_thread,
    ) -> None:
        self._file = RuleFile(*files, read_file)
        self.recovery = Recovery(actions, tell, run)
        self._tell, self._work, self._may_act = tell, work, may_act
        self._signals, self._detector = Signals(), Detector()
        self._active: tuple[Anomaly, ...] = ()
        self._rules: tuple[Rule, ...] = ()
        self._read_at = float("-inf")

    def look(self, now: Snapshot) -> None:
        """Take in one snapshot."""
        if not 0 <= now.at - self._read_at < LOOK_S:
            self._rules, self._read_at = self._file.rules(), now.at
        signals = self._signals.of(now, self._work())
        for change in self._detector.look(now.at, signals, self._rules):
            self._take(change, now)
        self._active = self._detector.active()

    def active(self) -> tuple[Anomaly, ...]:
        """What is wrong now, the longest first."""
        return self._active

    def act(self, action: str, subject: str) -> str:
        """Do one step of recovery now, because a user wants it; "" when there was nothing to do.

        Raises:
            InvalidInput: there is no such step, or nothing here that can do it.
            WorkbenchError: it did not work.
        """
        if not self.recovery.can(action):
            known = ", ".join(one for one in ACTIONS if self.recovery.can(one))
            raise InvalidInput(field="action", expected=known, found=action)
        return self.recovery.act(action, subject)

    def rules(self) -> tuple[Rule, ...]:
        """The rules that count now."""
        return self._file.rules()

    def error(self) -> FileInvalid | None:
        """What is wrong with the user's file of rules."""
        return self._file.error()

    def _take(self, change: Change, now: Snapshot) -> None:
        anomaly = change.anomaly
        if change.kind == "act":
            if self._may_act() and change.action is not None:
                self.recovery.step(anomaly, change.action, now.at)
            return
        self._tell(event_of(anomaly, now, over=change.kind == "ended"))


def event_of(anomaly: Anomaly, now: Snapshot, *, over: bool = False) -> Event:
    """That it is there, or over, as everybody is told."""
    number, value = anomaly.number, round(anomaly.value, 2)
    shown = shown_of(number, anomaly.value)
    detail: dict[str, int | float | str | None]
    detail = {"rule": anomaly.rule.name, "number": number, "value": value, "shown": shown}
    kind = "anomaly_over" if over else "anomaly"
    return Event(now.at, kind, title_of(anomaly, now), detail)


def title_of(anomaly: Anomaly, now: Snapshot) -> str:
    """Its subject as people know it: a card by its name."""
    if anomaly.number.startswith("gpu."):
        names = {str(gpu.index): gpu.name for gpu in now.gpus}
        return names.get(anomaly.subject) or anomaly.subject
    return anomaly.subject


def shown_of(number: str, value: float) -> str:
    """A value with its unit."""
    for end, (unit, text) in UNITS.items():
        if number.endswith(end):
            return text.format(value / unit)
    return f"{value:g}"

"""/metrics: everything that is counted and measured, for Prometheus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import Response

from core import __version__
from core.api.context import Bench, failures
from core.api.threads import in_thread
from core.hardware.prometheus import families
from core.jobs import JobState
from core.providers.breaker import Circuit
from core.rooms.turns.queue import queue_of
from core.workbench import Workbench

if TYPE_CHECKING:
    from prometheus_client import Metric

router = APIRouter(tags=["operations"])


@router.get(
    "/metrics", response_class=Response, responses=failures(), summary="Counts for Prometheus"
)
async def metrics(bench: Bench, request: Request) -> Response:
    """In Prometheus' text format, or OpenMetrics where that is asked for."""
    accept = request.headers.get("accept", "")
    text, kind = await in_thread(_exposed, bench, accept)
    return Response(text, headers={"content-type": kind})


def _exposed(bench: Workbench, accept: str) -> tuple[bytes, str]:
    from prometheus_client.exposition import choose_encoder

    encode, kind = choose_encoder(accept)
    return encode(_Everything(bench)), kind


class _Everything:
    """What Prometheus' library asks for when it writes a page: something to collect from."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def collect(self) -> Iterable[Metric]:
        from prometheus_client import ProcessCollector

        yield from ProcessCollector(registry=None).collect()
        yield from families(self._bench.telemetry.latest())
        yield from self._bench.counts.collect()
        yield from _app(self._bench)


def _app(bench: Workbench) -> Iterator[Metric]:
    from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily

    yield InfoMetricFamily("engawa", "This app.", value={"version": __version__})
    broken = float(bench.store.problem is not None)
    yield GaugeMetricFamily("engawa_storage_broken", "1: nothing can be stored.", value=broken)
    with bench.store.read() as conn:
        queue = queue_of(conn)
    yield _by_state("engawa_turns", "Turns of agents that are not over.", queue)
    states = Counter(str(job.state) for job in bench.jobs.active())
    jobs = {str(state): states[str(state)] for state in JobState if not state.ended}
    yield _by_state("engawa_jobs", "Background work that is not over.", jobs)
    yield _anomalies(bench)
    yield from _circuits(bench)


def _anomalies(bench: Workbench) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    active = {anomaly.rule.name for anomaly in bench.guard.active()}
    family = GaugeMetricFamily("engawa_anomaly", "1: a rule finds something.", labels=("rule",))
    for rule in bench.guard.rules():
        family.add_metric((rule.name,), float(rule.name in active))
    return family


def _by_state(name: str, text: str, numbers: Mapping[str, int]) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily(name, text, labels=("state",))
    for state, number in numbers.items():
        family.add_metric((state,), number)
    return family


def _circuits(bench: Workbench) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    labels = ("server",)
    text = "1: the server is left alone for a while."
    alone = GaugeMetricFamily("engawa_circuit_open", text, labels=labels)
    text = "How often a server was left alone."
    opened = CounterMetricFamily("engawa_circuit_opened", text, labels=labels)
    for circuit in bench.registry.circuits():
        name = (circuit.server.name,)
        alone.add_metric(name, float(circuit.circuit is not Circuit.CLOSED))
        opened.add_metric(name, circuit.opened)
    yield from (alone, opened)

"""Numbers for Prometheus: what the web processes count of their requests, and what the database says when it is asked.

Only two families are counted per request, with labels that a visitor cannot make up: django-prometheus takes the method as it
comes, so that anybody could fill the memory with methods of their own, and counts a dozen families more than an alert needs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.http import HttpRequest
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY, Collector

from annotation.logs import route_of
from annotation.queries import operations

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

REQUESTS = Counter("punchline_requests", "Requests by page, method and status.", ["view", "method", "status"])
LATENCY = Histogram("punchline_request_seconds", "Time to answer, by page.", ["view"], buckets=SECONDS)


def count_request(request: HttpRequest, *, status: int, seconds: float) -> None:
    """Count an answered request."""
    view = route_of(request)
    method = request.method if request.method in METHODS else "other"
    REQUESTS.labels(view, method, str(status)).inc()
    LATENCY.labels(view).observe(seconds)


class Rows(Collector):
    """The numbers that the database has; asked for at each scrape, the same from every process."""

    def collect(self) -> Iterable[Metric]:
        judgments = CounterMetricFamily(
            "punchline_judgments", "Judgments stored, by outcome.", labels=["outcome"]
        )
        for outcome, count in operations.judgments_by_outcome().items():
            judgments.add_metric([outcome], count)
        yield judgments
        now = operations.gauges()
        yield GaugeMetricFamily("punchline_leases", "Pairs leased to somebody now.", now.leases)
        yield GaugeMetricFamily(
            "punchline_leases_overdue",
            "Leases that ran out and were not put back: is the worker there?",
            now.overdue,
        )
        yield GaugeMetricFamily("punchline_memes_waiting", "Memes waiting for moderation.", now.memes_waiting)
        yield GaugeMetricFamily(
            "punchline_people_judging", "People with a judgment in the last five minutes.", now.people_judging
        )


def exposition() -> bytes:
    """All numbers in Prometheus' text form; requests of all web processes of this machine together."""
    registry = CollectorRegistry()
    try:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # it has no annotations
    except ValueError:  # one process, which has them itself
        numbers = generate_latest(REGISTRY)
    else:
        numbers = generate_latest(registry)
    rows = CollectorRegistry()
    rows.register(Rows())
    return numbers + generate_latest(rows)

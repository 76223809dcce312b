"""What the process counts of itself, for Prometheus; the extender's are its own."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from webhook.cluster.watch import Watch

REVIEW_SECONDS: Final = Histogram(
    "tranche_admission_duration_seconds",
    "From the review's headers read to the answer made, the body's arrival included.",
    buckets=(
        *(0.0002, 0.0003, 0.0005, 0.00075, 0.001, 0.0015, 0.002, 0.003, 0.004, 0.005, 0.0075),
        *(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
    ),
)
REVIEWS: Final = Counter(
    "tranche_admission_reviews_total",
    "Reviews by outcome: untouched, patched, refused, malformed; advised for workloads.",
    ("outcome",),
)
REFUSALS: Final = Counter(
    "tranche_admission_refusals_total",
    "Pods refused, and requests that were no review.",
    ("reason",),
)
FETCHES: Final = Counter(
    "tranche_namespace_fetches_total",
    "Namespaces asked for because the watch had not shown them yet: found, absent, failed.",
    ("outcome",),
)
CERTIFICATE_DAYS: Final = Gauge(
    "tranche_certificate_days_left", "Until the certificate that is served expires."
)
READY: Final = Gauge("tranche_ready", "1 when /readyz says yes.")


class WatchCollector(Collector):
    """How fresh each watch is, asked when the metrics are read."""

    def __init__(self, watches: Callable[[], Iterable[Watch]]) -> None:
        self._watches = watches

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One sample per watch and family."""
        ages = GaugeMetricFamily(
            "tranche_watch_age_seconds",
            "Since the API server last sent anything on the watch; about 60 is quiet but well.",
            labels=("watch",),
        )
        synced = GaugeMetricFamily(
            "tranche_watch_synced", "1 once the first list was read.", labels=("watch",)
        )
        relists = GaugeMetricFamily(
            "tranche_watch_relists", "Lists read after the first.", labels=("watch",)
        )
        for watch in self._watches():
            label = (watch.resource.name,)
            ages.add_metric(label, watch.age())
            synced.add_metric(label, float(watch.synced.is_set()))
            relists.add_metric(label, watch.relists)
        yield from (ages, synced, relists)

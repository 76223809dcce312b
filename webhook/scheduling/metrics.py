"""What the extender counts of itself, for Prometheus."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

FILTERS: Final = Counter(
    "tranche_extender_filters_total",
    "Pods that kube-scheduler asked about: fits, waits (fits nowhere), refused (cannot ever fit).",
    ("outcome",),
)
BINDS: Final = Counter(
    "tranche_extender_binds_total",
    "Binds: bound, again (was bound already), full (no room any more), rejected, unknown.",
    ("outcome",),
)
SECONDS: Final = Histogram(
    "tranche_extender_duration_seconds",
    "Time to answer; bind's holds the API server's own.",
    ("verb",),
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
)
CLAIMS: Final = Gauge(
    "tranche_extender_claims",
    "Pods that hold cards: held (chosen, not yet bound), posted (on its way), bound.",
    ("standing",),
)

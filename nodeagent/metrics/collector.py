"""The numbers, taken anew at each scrape."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector as Base

from nodeagent.enforcement import interposer
from nodeagent.health.inventory import Inventory
from nodeagent.kubelet.registration import Registration
from nodeagent.slices.store import Store

_MIB = 1 << 20
_CARD = ("card", "model")
_SLICE = ("namespace", "pod", "container", "card")


class Collector(Base):
    """Cards as last seen, slices as their own containers' processes count them."""

    def __init__(self, inventory: Inventory, store: Store, registration: Registration) -> None:
        self._inventory = inventory
        self._store = store
        self._registration = registration

    def collect(self) -> Iterator[Metric]:
        """Every family, also those that are empty now."""
        registered = GaugeMetricFamily(
            "tranche_kubelet_registered", "1 when the kubelet that runs knows of the device plugin"
        )
        registered.add_metric((), float(self._registration.registered))
        yield registered
        yield from self._cards()
        yield from self._slices()

    def _cards(self) -> Iterator[GaugeMetricFamily]:
        size = GaugeMetricFamily("tranche_card_memory_bytes", "Memory of a card", labels=_CARD)
        used = GaugeMetricFamily(
            "tranche_card_memory_used_bytes", "Memory of a card in use by anyone", labels=_CARD
        )
        busy = GaugeMetricFamily(
            "tranche_card_busy_ratio", "Share of the time that kernels ran lately", labels=_CARD
        )
        well = GaugeMetricFamily("tranche_card_healthy", "1 when the card is well", labels=_CARD)
        for found in self._inventory.found.values():
            labels = (found.card.uuid, found.card.model)
            size.add_metric(labels, found.card.mib * _MIB)
            well.add_metric(labels, float(found.card.healthy))
            if found.used is not None:
                used.add_metric(labels, found.used * _MIB)
            if found.busy is not None:
                busy.add_metric(labels, found.busy / 100)
        return iter((size, used, busy, well))

    def _slices(self) -> Iterator[Metric]:
        limit = GaugeMetricFamily(
            "tranche_slice_memory_limit_bytes", "What a container may use of a card", labels=_SLICE
        )
        used = GaugeMetricFamily(
            "tranche_slice_memory_used_bytes",
            "What a container uses of a card, as its own processes count it",
            labels=_SLICE,
        )
        unaccounted = GaugeMetricFamily(
            "tranche_slice_memory_unaccounted_bytes",
            "What a container is charged of a card beyond its own count, by the driver's word",
            labels=_SLICE,
        )
        busy = CounterMetricFamily(
            "tranche_slice_gpu_seconds",
            "Time of a card that a container's kernels were charged for its share of the cores",
            labels=_SLICE,
        )
        refused = CounterMetricFamily(
            "tranche_slice_memory_refused",
            "Times that a container was refused memory for its limit",
            labels=_SLICE,
        )
        for record in self._store.records.values():
            folder = self._store.folders.slices / record.name
            held = record.grants if record.library else ()
            uses = interposer.read_use(folder, held)
            beyond = interposer.read_unaccounted(folder, held)
            for grant in record.grants:
                labels = (record.namespace, record.pod, record.container, grant.card)
                limit.add_metric(labels, grant.mib * _MIB)
                if grant.card in beyond:
                    unaccounted.add_metric(labels, beyond[grant.card])
                if grant.card in uses:
                    used.add_metric(labels, uses[grant.card].used)
                    refused.add_metric(labels, uses[grant.card].refused)
                    busy.add_metric(labels, uses[grant.card].gpu_ns / 1e9)
        return iter((limit, used, unaccounted, refused, busy))

"""Cards that a pod's own environment asks NVIDIA's container runtime for, past every count.

The runtime gives a container the cards that ``NVIDIA_VISIBLE_DEVICES`` names, and CUDA's images say
``all``. So in a pod that gets cards from Tranche no container chooses by itself, and one that asks
for nothing is told to get nothing. Source: NVIDIA container toolkit, "Environment variables".
"""

from collections.abc import Container as Names
from collections.abc import Iterator

from tranche.words.errors import Refusal
from webhook.admission.steps import Change, add, remove
from webhook.admission.view import Container, Pod
from webhook.settings import Settings, VisibleDevices

VARIABLE = "NVIDIA_VISIBLE_DEVICES"
NOTHING = "void"
_HARMLESS = frozenset({"", "void", "none"})


def check_visible(pod: Pod, settings: Settings) -> list[str]:
    """Warnings about what is taken off.

    Raises:
        Refusal: a container chooses cards, and the settings refuse that.
    """
    warnings = []
    for _, container in pod.containers():
        if not _chosen(container):
            continue
        where = f"container {container.name}: env {VARIABLE}"
        if settings.visibleDevices is VisibleDevices.REFUSE:
            why = "chooses cards past Tranche, which hands them out"
            raise Refusal("", why, "take it off and ask in tranche.dev/gpu", where=where)
        warnings.append(f"{where}: taken off, as Tranche hands the cards out")
    return warnings


def hidden(pod: Pod, asking: Names[str], settings: Settings) -> Iterator[Change]:
    """The steps after which no container chooses cards."""
    runtime = settings.runtimeClassName or pod.spec.runtime_class_name
    for pointer, container in pod.containers():
        chosen = _chosen(container)
        for at in reversed(chosen):
            words = f"container {container.name}: {VARIABLE} is taken off"
            yield remove(f"{pointer}/env/{at}", words)
        if not runtime or container.name in asking or _says_nothing(container):
            continue
        entry = {"name": VARIABLE, "value": NOTHING}
        words = f"container {container.name}: {VARIABLE} is {NOTHING}, as it asks for no card"
        if container.env is None:
            yield add(f"{pointer}/env", [entry], words)
        else:
            yield add(f"{pointer}/env/-", entry, words)


def _chosen(container: Container) -> list[int]:
    """Places in the environment that choose cards."""
    return [
        at
        for at, one in enumerate(container.env or ())
        if one.name == VARIABLE and (one.value_from or (one.value or "") not in _HARMLESS)
    ]


def _says_nothing(container: Container) -> bool:
    named = [one.value or "" for one in container.env or () if one.name == VARIABLE]
    return bool(named) and all(value in _HARMLESS for value in named) and not _chosen(container)

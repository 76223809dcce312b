"""What whoever places the pod is told of it: Tranche's own scheduler, or another system."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tranche.vendors.base import Written
from tranche.words.errors import Refusal
from tranche.words.request import Request
from tranche.words.slices import SLICES_ANNOTATION, dump_slices
from webhook.systems import Systems


def write(requests: Mapping[str, Request], systems: Systems) -> Mapping[str, Written]:
    """Each container's words for the system that places pods, and what was understood.

    The latter is the mark of a pod that was answered; without it a policy refuses whoever asks.

    Raises:
        Refusal: that system has no words for it, and is named.
    """
    try:
        written = systems.writer.write(requests, systems.vendors)
    except Refusal as refusal:
        raise refusal.at(refusal.where or f"written for {systems.writer.title}") from None
    if all(SLICES_ANNOTATION in one.annotations for one in written.values()):
        return written
    understood = {SLICES_ANNOTATION: dump_slices(requests)}
    return {
        name: replace(one, annotations={**one.annotations, **understood})
        for name, one in written.items()
    }


def lost(written: Mapping[str, Written]) -> Iterator[str]:
    """Warnings of what is lost on the way, by container."""
    for name, one in written.items():
        for warning in one.warnings:
            yield f"container {name}: {warning}"

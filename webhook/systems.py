"""Whose words a cluster's pods are read in, and who places them: made of the settings, once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from tranche.dialects import known, make_dialect, make_writer, writers
from tranche.dialects.base import Dialect, Writer
from tranche.dialects.hami import Hami
from tranche.dialects.own import Own
from tranche.vendors import make_vendors
from tranche.vendors.base import Vendor
from tranche.vendors.nvidia import Nvidia, ResourceNames
from tranche.words.errors import Malformed

OWNERS: Final = "owners"
"""Beside the dialects in the settings: by word, the dialect that owns it."""


@dataclass(frozen=True, slots=True)
class Systems:
    """Vendors, dialects and the system that places pods.

    Attributes:
        vendors: all of them, by key.
        managed: those whose own resources on a pod are read. The others' stay as they are; their
            cards can be asked for in words all the same.
        dialects: those that are read.
        owners: by word that several of these claim, the key of its owner.
        writer: what writes for the system that places pods.
        names: the resources of the managed vendors, save their ready-made partitions, which are
            left to the vendors' own plugins.
        schedulers: names that a pod may have for its scheduler, as another system's users do.
    """

    vendors: Mapping[str, Vendor]
    managed: Mapping[str, Vendor]
    dialects: tuple[Dialect, ...]
    owners: Mapping[str, str]
    writer: Writer
    names: frozenset[str]
    schedulers: frozenset[str]

    @property
    def own(self) -> bool:
        """Whether Tranche's own scheduler places the pods."""
        return self.writer.key == Own.key

    def read_of(self, *, worded: bool) -> tuple[Dialect, ...]:
        """The dialects that are read of a pod.

        Args:
            worded: it has Tranche's own words. Those of the system that places it, which it has
                once they are written, then say nothing of their own.
        """
        if not worded:
            return self.dialects
        return tuple(one for one in self.dialects if one.key != self.writer.key)


def make_systems(
    *,
    names: ResourceNames,
    vendors: Mapping[str, Mapping[str, Any]],
    dialects: Mapping[str, Any],
    backend: str | Mapping[str, Mapping[str, Any]],
    own: Mapping[str, Any],
) -> Systems:
    """The systems of one cluster.

    Args:
        names: NVIDIA's resources.
        vendors: settings by key; a vendor that stands here is managed, and NVIDIA always is.
        dialects: by key true, false, or settings; and `OWNERS`.
        backend: a key of `tranche.dialects.writers`, or one with its settings.
        own: settings of Tranche's own writer.

    Raises:
        Malformed: no such vendor, dialect or system, or settings that it does not have.
    """
    resources = {"resources": msgspec.to_builtins(names)}
    given = {Nvidia.key: {}, **vendors}
    made = make_vendors({**given, Nvidia.key: {**given[Nvidia.key], **resources}})
    managed = {key: made[key] for key in given}
    read = tuple(_dialects(dialects, {Hami.key: resources}))
    writer = _writer(backend, {Hami.key: resources, Own.key: {**resources, **own}})
    return Systems(
        vendors=made,
        managed=managed,
        dialects=read,
        owners=_owners(dialects.get(OWNERS) or {}, read),
        writer=writer,
        names=frozenset(n for one in managed.values() for n in one.names() - one.fixed()),
        schedulers=frozenset(name for one in read for name in one.schedulers),
    )


def _dialects(said: Mapping[str, Any], general: Mapping[str, Mapping[str, Any]]) -> list[Dialect]:
    made: list[Dialect] = []
    for key in dict.fromkeys((Hami.key, *said)):
        value = said.get(key, True)
        if key == OWNERS or value is False:
            continue
        if value is not True and not isinstance(value, Mapping):
            raise Malformed(f"dialects.{key}: neither true, false nor settings")
        own = {} if value is True else value
        made.append(make_dialect(key, {**general.get(key, {}), **own}))
    for key, value in said.items():
        if value is False and key not in known:
            make_dialect(key, {})
    return made


def _owners(said: Any, dialects: tuple[Dialect, ...]) -> Mapping[str, str]:
    keys = {one.key for one in dialects}
    if not isinstance(said, Mapping):
        raise Malformed(f"dialects.{OWNERS}: not words with a dialect each")
    for word, key in said.items():
        if key not in keys:
            raise Malformed(
                f"dialects.{OWNERS}.{word}: {key} is not read here, but {', '.join(sorted(keys))}"
            )
    return dict(said)


def _writer(
    backend: str | Mapping[str, Mapping[str, Any]], general: Mapping[str, Mapping[str, Any]]
) -> Writer:
    if isinstance(backend, str):
        backend = {backend: {}}
    if len(backend) != 1:
        raise Malformed(f"backend: name one of {', '.join(writers)}")
    ((key, said),) = backend.items()
    return make_writer(key, {**general.get(key, {}), **said})

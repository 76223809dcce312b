"""Our own CA, kept in a Secret that all replicas share, and put into the webhook configuration."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Protocol

import structlog

from tranche.words.errors import Malformed
from webhook.certificates.authority import Pair
from webhook.certificates.due import OVERLAP, Step, bundle_for, certificates_of, due, renew
from webhook.certificates.material import Material, dump_material, load_material
from webhook.certificates.served import Clock, Served, utc_now
from webhook.cluster.errors import CONFLICT, NOT_FOUND, UNPROCESSABLE, ApiError
from webhook.cluster.objects import Stored, Trust

POLL: Final = 30.0
"""Seconds between two looks at the Secret and the configuration."""

PUBLISHED: Final = 5.0
"""Seconds from putting a new CA into the configuration to serving what it signed: API servers learn
of the change by their own watch, usually within one."""

RETRY: Final = 2.0
"""Seconds to the next look after one that failed."""

_TRIES: Final = 5

_log = structlog.get_logger(__name__)


class Secrets(Protocol):
    """Where the material is kept. `webhook.cluster.objects.Secret` is one."""

    async def read(self) -> Stored | None:
        """What is kept, if anything."""

    async def create(self, data: Mapping[str, bytes]) -> None:
        """Raises ApiError 409 when there is one already."""

    async def replace(self, data: Mapping[str, bytes], version: str) -> None:
        """Raises ApiError 409 when it changed, 404 when it is gone."""


class Configurations(Protocol):
    """Who is trusted. `webhook.cluster.objects.Configuration` is one."""

    async def read(self) -> Trust | None:
        """What stands, if there is a configuration."""

    async def write(self, bundle: bytes, seen: Trust) -> None:
        """Raises ApiError 409 or 422 when it changed since it was seen."""


class OwnAuthority:
    """Keeps three things in step: the Secret, the caBundle, and what is served.

    The order is what makes a rotation invisible: a CA stands in the caBundle before anything it
    signed is shown, and the former one stays there until every replica has moved on.
    """

    def __init__(
        self,
        secrets: Secrets,
        configurations: Configurations,
        served: Served,
        names: tuple[str, ...],
        *,
        clock: Clock = utc_now,
    ) -> None:
        self._secrets = secrets
        self._configurations = configurations
        self._served = served
        self._names = names
        self._clock = clock
        self._trouble = "not looked at yet"
        self._trusted: datetime | None = None

    def problem(self) -> str:
        """Why the API server may not trust what is served; empty when it does."""
        now = self._clock()
        if problem := self._served.problem(now):
            return f"{problem}; {self._trouble}" if self._trouble else problem
        if self._trusted is None:
            return self._trouble or "its CA is not in the caBundle yet"
        # Later than this the other replicas may have replaced the CA and dropped ours.
        if now - self._trusted > OVERLAP / 2:
            return f"whether its CA is trusted is unknown since {self._trusted:%F %TZ}"
        return ""

    async def round(self) -> float:
        """Look once, do what is due, and say in how many seconds to look again. Raises nothing."""
        try:
            return await self._round()
        except ApiError as error:
            if error.status in {CONFLICT, UNPROCESSABLE}:
                _log.info("another replica was faster", error=str(error))
            else:
                self._trouble = f"API server: {error}"
                _log.warning("certificates could not be looked at", error=str(error))
            return RETRY

    async def _round(self) -> float:
        seen = await self._configurations.read()
        if seen is None or not seen.bundles:
            # Without it nobody would call us; and what is being uninstalled makes no new Secret.
            self._trusted = None
            self._trouble = "there is no webhook configuration to put the CA into"
            return RETRY
        material = await self._material()
        now = self._clock()
        authority = material.authority.certificate
        published = all(authority in certificates_of(bundle) for bundle in seen.bundles)
        bundle = bundle_for(material.authority, seen.bundles, now)
        if any(standing != bundle for standing in seen.bundles):
            await self._configurations.write(bundle, seen)
            _log.info("wrote the caBundle", certificates=len(certificates_of(bundle)))
        self._trouble = ""
        if self._served.leaf == material.leaf.certificate:
            self._trusted = now
            return POLL
        if not published and not self._served.problem(now):
            return PUBLISHED
        self._serve(material.leaf)
        self._trusted = now
        return POLL

    async def _material(self) -> Material:
        """What the Secret holds once all that is due has been renewed in it."""
        for _ in range(_TRIES):
            stored = await self._secrets.read()
            material = _usable(stored)
            now = self._clock()
            step = due(material, self._names, now)
            if material is not None and step.step is Step.KEEP:
                return material
            fresh = renew(material, step.step, self._names, now)
            try:
                if stored is None:
                    await self._secrets.create(dump_material(fresh))
                else:
                    await self._secrets.replace(dump_material(fresh), stored.version)
            except ApiError as error:
                if error.status in {CONFLICT, NOT_FOUND}:
                    # Another replica, or a person, was faster: what stands now counts.
                    continue
                raise
            _log.info("renewed certificates", what=step.step.value, why=step.why)
            return fresh
        raise ApiError(CONFLICT, f"the Secret changed under each of {_TRIES} tries")

    def _serve(self, leaf: Pair) -> None:
        self._served.load(leaf.certificate_pem, leaf.key_pem)
        _log.info("serving a certificate", until=f"{leaf.certificate.not_valid_after_utc:%F %TZ}")


def _usable(stored: Stored | None) -> Material | None:
    if stored is None:
        return None
    try:
        return load_material(stored.data)
    except Malformed as error:
        _log.warning("the Secret cannot be used and is made anew", error=str(error))
        return None

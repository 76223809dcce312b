"""Pods as the API server sends them, and what becomes of them."""

import copy
from typing import Any

import jsonpatch
import pytest

from tranche.words.errors import Refusal
from webhook.admission import mutate
from webhook.settings import Settings, load_settings


class Admission:
    """One cluster's admission; every pod that it patches is sent a second time."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.namespace: dict[str, str] = {}
        self.warnings: list[str] = []
        self.changes: list[str] = []

    def set(self, yaml: str) -> None:
        self.settings = load_settings(yaml)

    def rules(self, **values: str) -> None:
        self.namespace = {f"tranche.dev/{key}": value for key, value in values.items()}

    def admit(self, pod: dict[str, Any]) -> dict[str, Any]:
        """The pod as it becomes; the same code must have nothing to add to it."""
        before = copy.deepcopy(pod)
        mutation = mutate(pod, annotations=self.namespace, settings=self.settings)
        self.warnings, self.changes = mutation.warnings, mutation.changes
        assert pod == before
        after = jsonpatch.apply_patch(pod, mutation.patch)
        assert mutate(after, annotations=self.namespace, settings=self.settings).patch == []
        return after

    def slices(self, pod: dict[str, Any]) -> str:
        """What is understood of the pod, as its annotation."""
        return self.admit(pod)["metadata"]["annotations"]["tranche.dev/slices"]

    def refusal(self, pod: dict[str, Any]) -> str:
        with pytest.raises(Refusal) as refused:
            mutate(pod, annotations=self.namespace, settings=self.settings)
        return str(refused.value)


@pytest.fixture
def admission() -> Admission:
    return Admission()

"""What is said at once of a workload whose pods come later: a Deployment, a Job, a CronJob.

A workload is never changed and never refused: its pods are, when they come, and only its controller
would hear of it.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from tranche.words.errors import Malformed, Refusal
from tranche.words.workloads import TEMPLATES, template_of
from webhook.admission.mutation import mutate_view
from webhook.admission.view import pod_of_object
from webhook.settings import Settings

WORKLOADS: Final = {kind: path for kind, path in TEMPLATES.items() if path}

_decoder = msgspec.json.Decoder(dict[str, Any])


def advise(
    kind: str,
    workload: bytes | msgspec.Raw,
    *,
    annotations: Callable[[], Mapping[str, str]],
    settings: Settings,
) -> list[str]:
    """Warnings for whoever applies a workload; none where its pods will do, or are not understood.

    Args:
        kind: one of `WORKLOADS`.
        workload: the object as the API server sends it.
        annotations: those of its namespace; looked up only if the template asks for something.
        settings: of the cluster.
    """
    try:
        template = template_of(_decoder.decode(workload), WORKLOADS[kind])
        return mutate_view(
            pod_of_object(template), annotations=annotations, settings=settings
        ).warnings
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError, Malformed):
        return []
    except Refusal as refusal:
        return [f"Tranche: no pod of this {kind} can be admitted as it is: {refusal}"]

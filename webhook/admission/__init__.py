"""AdmissionReview in, JSON patch out: pure functions from bytes to bytes.

- `review`    the envelope; never raises
- `view`      the few fields of a pod that are looked at
- `asks`      what is said of each container, in anyone's words
- `rounding`  words beside the resources that were made of them
- `settle`    defaults, limits, and sizes that the cards can have
- `writing`   what whoever places the pod is told
- `guard`     what about the pod itself forbids it
- `reach`     folders of the node that lead past a slice
- `patch`     the steps (`steps`), each with its words: on the pod, on `quantities` of a container,
  on its `environment`
- `visible`   cards that a pod's own environment asks a container runtime for
- `mutation`  all of these in a row, without the envelope
- `advice`    the same for the pods of a workload, in words alone

A module belongs here when it needs nothing but the review, the namespace's annotations and the
settings. No clock, no network, no file.
"""

from webhook.admission.mutation import Mutation, mutate
from webhook.admission.review import Answer, answer

__all__ = ["Answer", "Mutation", "answer", "mutate"]

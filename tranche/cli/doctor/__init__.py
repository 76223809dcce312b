"""`tranche doctor`: what in a cluster keeps pods from their slices, and what to do about it.

- `ask`       the cluster's objects, by kubectl or from a file
- `findings`  what is wrong with them; pure
"""

import sys

from tranche.cli.doctor.ask import objects_of_cluster, objects_of_file
from tranche.cli.doctor.findings import examine
from tranche.words.errors import Malformed

WELL = 0
UNWELL = 1
NOT_ASKED = 2


def doctor(file: str | None, context: str | None) -> int:
    """Prints findings, one a line.

    Returns:
        The exit status: 0 when there are none, 1 when there are, 2 when the cluster cannot be read.
    """
    try:
        objects = objects_of_file(file) if file else objects_of_cluster(context)
    except Malformed as error:
        print(f"tranche doctor: {error}", file=sys.stderr)
        return NOT_ASKED
    findings = examine(objects)
    for finding in findings:
        print(finding)
    if not findings:
        kinds = ", ".join(f"{len(some)} {kind}" for kind, some in sorted(objects.items()))
        print(f"nothing wrong in {kinds or 'nothing'}")
    return UNWELL if findings else WELL

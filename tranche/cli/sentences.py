"""`tranche explain --words`: what a sentence means, how it is spelled, and what becomes of it.

As with files, warnings and refusals go to standard error.
"""

import json
import re
import sys
from collections.abc import Mapping
from typing import Any, Final

from tranche.cli.describe import describe
from tranche.cli.fitted import Fitted, fit
from tranche.cli.objects import write_yaml
from tranche.cli.written import fragment, write_fitted
from tranche.dialects.base import Writer
from tranche.dialects.native import SENTENCE_KEY
from tranche.dialects.own import Own
from tranche.vendors.base import Vendor, Written
from tranche.words.errors import Refusal
from tranche.words.models import print_model, remark_on
from tranche.words.request import Request, Slice
from tranche.words.said import request_of
from tranche.words.sentence import print_sentence, read_sentence

FINE: Final = 0
REFUSED: Final = 1
CONTAINER: Final = "main"
_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?", re.ASCII)


def run(words: str, writer: Writer | None, vendors: Mapping[str, Vendor], output: str) -> int:
    """Explain one sentence, and what Tranche or the writer's system would be told.

    Returns:
        The exit status: 0, or 1 when it is refused.
    """
    written: Mapping[str, Written] = {}
    try:
        reading = read_sentence(words)
        request = request_of(reading.said)
        fitted = fit(request, vendors)
        if writer or request.amount != Slice(None):
            written = write_fitted(writer or Own(), {CONTAINER: fitted}, vendors)
    except Refusal as refusal:
        print(f"refused: {refusal}", file=sys.stderr)
        return REFUSED
    remarks = (
        f'"{print_model(model).upper()}": {remark}'
        for model in request.models + request.not_models
        if (remark := remark_on(model))
    )
    told = (warning for one in written.values() for warning in one.warnings)
    for warning in (*reading.warnings, *remarks, *told):
        print(f"warning: {warning}", file=sys.stderr)
    own: dict[str, Any] = {"metadata": {"annotations": {SENTENCE_KEY: print_sentence(request)}}}
    shown = fragment(written) if writer else own
    if output == "json":
        print(json.dumps(shown, indent=2, ensure_ascii=False))
    elif output == "yaml":
        sys.stdout.write(write_yaml([shown]))
    else:
        print(_text(request, fitted))
        if written:
            print(f"  written for {(writer or Own()).title}:\n{indented(fragment(written))}")
    return FINE


def indented(shown: dict[str, Any]) -> str:
    """An object as YAML, set in by four."""
    return "\n".join(f"    {line}" for line in write_yaml([shown]).splitlines())


def _text(request: Request, fitted: Fitted) -> str:
    sentence = print_sentence(request)
    lines = [f'"{sentence}"']
    if fitted.request.amount != request.amount or fitted.request.count != request.count:
        lines += [f"  asks for {describe(request)}"]
    lines += [f"  gets {describe(fitted.request)}"]
    lines += [f"  as an annotation  {SENTENCE_KEY}: {sentence}"]
    label = sentence.replace(" ", "_").replace("%", "pct")
    if _LABEL.fullmatch(label):
        lines += [f"  as a label        {SENTENCE_KEY}: {label}"]
    return "\n".join(lines)

"""Tables whose examples are sentences of Tranche."""

from tests.docs.making.page import Block, code, codes, said, table
from tranche.cli.describe import describe
from tranche.cli.fitted import fit
from tranche.cli.written import write_for
from tranche.dialects import make_writer
from tranche.vendors import make_vendors
from tranche.words.errors import Refusal
from tranche.words.said import request_of
from tranche.words.sentence import parse_sentence, print_sentence, read_sentence


def sentences(block: Block) -> str:
    """What each sentence means."""
    rows = []
    for cell in block.examples():
        reading = read_sentence(said(cell))
        warned = "".join(f"; warned: {one}" for one in reading.warnings)
        rows.append((cell, describe(request_of(reading.said)) + warned))
    return table(("you write", "the container gets"), rows)


def labels(block: Block) -> str:
    """The sentence that each label's value is."""
    rows = [
        (cell, code(print_sentence(parse_sentence(said(cell), label=True))))
        for cell in block.examples()
    ]
    return table(("label", "means"), rows)


def refused(block: Block) -> str:
    """Why each sentence is refused, and what to write."""
    return table(("written", "answer"), [(cell, _refusal(said(cell))) for cell in block.examples()])


def asked(block: Block) -> str:
    """What a maker's stack takes for each sentence; the block's words are settings of vendors."""
    settings: dict[str, dict[str, str]] = {}
    for word in block.words:
        path, _, value = word.partition("=")
        vendor, name = path.split(".")
        settings.setdefault(vendor, {})[name] = value
    vendors = make_vendors(settings)
    rows = []
    for cell in block.examples():
        try:
            fitted = fit(parse_sentence(said(cell)), vendors)
            written = fitted.vendor.write(fitted.request)
        except Refusal as refusal:
            rows.append((cell, "refused", answer(refusal)))
            continue
        told = [
            *(f"node selector {code(f'{k}: {v}')}" for k, v in written.node_selector.items()),
            *(f"annotation {code(f'{k}: {v}')}" for k, v in written.annotations.items()),
            *((f"runtime class {code(written.runtime_class)}",) if written.runtime_class else ()),
            *fitted.warnings,
            *written.warnings,
        ]
        limits = codes(f"{name}: {value}" for name, value in written.resources.items())
        rows.append((cell, limits, "; ".join(told)))
    return table(("you write", "the container's limits", "and"), rows)


def unwritten(block: Block) -> str:
    """Why a system, which is in the second cell, has no words for each sentence."""
    rows = []
    for cell, system in ((cells[0], cells[1]) for cells in block.rows()):
        try:
            told = write_for(make_writer(said(system), {}), {"main": parse_sentence(said(cell))})
        except Refusal as refusal:
            rows.append((cell, system, answer(refusal)))
            continue
        raise AssertionError(f"{cell} is not refused, but is {told}")
    return table(("you write", "for", "answer"), rows)


def answer(refusal: Refusal) -> str:
    """A refusal, without the words that were written, which stand beside it."""
    return f"{refusal.why}; {refusal.remedy}".replace("|", "\\|")


def _refusal(sentence: str) -> str:
    try:
        found = fit(parse_sentence(sentence)).request
    except Refusal as refusal:
        return answer(refusal)
    raise AssertionError(f"{sentence} is not refused, but is {print_sentence(found)}")

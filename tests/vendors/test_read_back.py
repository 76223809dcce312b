"""What fits is written and read back as it was, for every vendor."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vendors.stacks import request_in
from tranche.vendors import known, make_vendors
from tranche.words.errors import Refusal
from tranche.words.makers import read_kind
from tranche.words.models import table
from tranche.words.request import Mebibytes, Partition, Percent, Request, Slice, Whole
from tranche.words.sentence import parse_sentence, print_sentence

SETTINGS = [
    {"cambricon": {"memoryUnit": "256Mi"}, "ascend": {"model": "910B4"}},
    {
        "cambricon": {"memoryUnit": "1%"},
        "ascend": {"soft": True},
        "amd": {"memoryPercentage": True},
        "aws": {"coresPerDevice": 8},
        "intel": {"driver": "xe"},
    },
]
CLUSTERS = [make_vendors(settings) for settings in SETTINGS]
WORDS = {key: [row.word for row in table().models if row.vendor == key] for key in known}
NAMED = ["vir02", "vir05_1c_8g", "3g.20gb", "1g.10gb", "cpx_nps1", "7g.80gb"]
amounts = (
    st.builds(
        Slice,
        st.none()
        | st.integers(1, 200_000).map(Mebibytes)
        | st.integers(1, 2**21).map(Mebibytes)
        | st.integers(1, 100).map(Percent),
        st.none() | st.integers(1, 100),
    )
    | st.just(Whole())
    | st.sampled_from(NAMED).map(Partition)
)
counts = st.sampled_from([1, 1, 1, 2, 3, 4, 8, 64])


@st.composite
def requests(draw, key: str) -> Request:
    words = st.lists(st.sampled_from(WORDS[key] or [key]), max_size=1 if WORDS[key] else 0)
    models = tuple(m for m in (read_kind(word)[1] for word in draw(words)) if m)
    return Request(draw(amounts), draw(counts), models=models, vendor=key)


def all_memory(request: Request) -> Request:
    """All of the memory is said by saying none of it, where there is no word for shares."""
    amount = request.amount
    if isinstance(amount, Slice) and amount.memory == Percent(100):
        amount = Slice(None, amount.cores)
    return replace(request, amount=amount)


def without_cores(request: Request) -> Request:
    amount = request.amount
    return replace(request, amount=Slice(amount.memory)) if isinstance(amount, Slice) else request


@pytest.mark.parametrize("key", [key for key in known if key != "innosilicon"])
@given(data=st.data(), cluster=st.sampled_from(CLUSTERS))
def test_what_is_written_is_read_back(key: str, data, cluster):
    vendor = cluster[key]
    try:
        fitted, _ = vendor.fit(data.draw(requests(key)))
    except Refusal:
        return
    written = vendor.write(fitted).resources
    assert written
    assert written.keys() <= vendor.names()
    back = replace(request_in(vendor.read(written).said), models=fitted.models)
    # Cores that come with a size are not written, and are there again once it is fitted.
    assert without_cores(all_memory(back)) == without_cores(all_memory(fitted))
    assert all_memory(vendor.fit(back)[0]) == all_memory(fitted)


@pytest.mark.parametrize("key", [key for key in known if key != "innosilicon"])
@given(data=st.data(), cluster=st.sampled_from(CLUSTERS))
def test_what_fits_still_fits_and_never_gives_less(key: str, data, cluster):
    vendor = cluster[key]
    request = data.draw(requests(key))
    try:
        fitted, _ = vendor.fit(request)
    except Refusal:
        return
    assert vendor.fit(fitted)[0] == fitted
    assert parse_sentence(print_sentence(fitted)) == fitted
    assert fitted.count >= request.count
    assert replace(fitted, amount=request.amount, count=request.count, models=()) == replace(
        request, models=()
    )
    if isinstance(request.amount, Slice) and isinstance(fitted.amount, Slice):
        asked, given_ = request.amount, fitted.amount
        # Sixteenths and templates are more than the whole percent that they are called.
        assert (given_.cores or 100) >= (asked.cores or 0)
        if isinstance(asked.memory, Mebibytes) and isinstance(given_.memory, Mebibytes):
            assert given_.memory.mib >= asked.memory.mib
        if isinstance(asked.memory, Percent) and isinstance(given_.memory, Percent):
            assert given_.memory.percent >= asked.memory.percent

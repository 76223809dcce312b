"""Requests of every kind that more than one system has words for, made by hypothesis."""

from hypothesis import strategies as st

from tranche.words.models import parse_model
from tranche.words.request import Mebibytes, Percent, Placing, Request, Slice, Whole

mebibytes = st.builds(Mebibytes, st.integers(1, 2_000_000))
percents = st.builds(Percent, st.integers(1, 100))
cores = st.none() | st.integers(1, 100)
slices = st.builds(Slice, mebibytes | percents, cores)
amounts = slices | st.builds(Whole)
counts = st.integers(1, 64)
placings = st.none() | st.sampled_from(Placing)
uuids = st.lists(st.from_regex(r"\AGPU-[0-9][0-9a-f]{0,7}\Z"), max_size=3, unique=True).map(tuple)
models = st.lists(
    st.sampled_from([parse_model(word) for word in ("A100", "H800", "T4", "V100", "L40S")]),
    max_size=3,
    unique=True,
).map(tuple)


def requests(**parts: st.SearchStrategy[object]) -> st.SearchStrategy[Request]:
    """NVIDIA's cards, of any amount unless ``parts`` says otherwise; the rest as given."""
    return st.builds(
        Request, **{"amount": amounts, "count": counts, "vendor": st.just("nvidia"), **parts}
    )

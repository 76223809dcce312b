"""Whatever a pod says, a dialect reads it or refuses it, and nothing else happens."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tranche.dialects import known, make_dialect, read_pod
from tranche.dialects.base import Dialect, PodWords
from tranche.words.errors import Refusal
from tranche.words.said import Reading

SETTINGS = {
    "volcano": {"gpuMemoryFactor": 256},
    "gpushare": {"memoryUnit": "GiB"},
    "elastic-gpu": {"gpuMemoryUnit": "MiB"},
}
DIALECTS = {key: make_dialect(key, SETTINGS.get(key, {})) for key in known}

numbers = st.one_of(
    st.integers(),
    st.integers(-(10**400), 10**400),
    st.floats(),
    st.sampled_from(["0", "1", "2", "100", "150", "0.5", "1.", ".5", "1e99", "1E-99", "5m", "4Gi"]),
    st.sampled_from(["-0", "+1", "1Ei", "nan", "inf", "0x1", "1_000", "\u0661", "9" * 5000, ""]),
)
texts = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["A100,V100", "6000", "GPU-1, GPU-2", "mig", "spread", "1,1", "0,2", "true"]),
    st.sampled_from(
        ["NVIDIA-A100-SXM4-80GB-MIG-1g.10gb", "partitioned", "1g.10gb", "main", "x" * 9000]
    ),
    st.sampled_from(["time-sharing", "hami-core", ",", ",,,", "1," * 3000, "\x00", "😀"]),
    numbers.map(lambda n: str(n)[:6000] if not isinstance(n, int) else f"{n:x}"),
)


def pods(claims: list[str]) -> st.SearchStrategy[PodWords]:
    """Pods that use the words of a dialect in every place that there is."""
    ends = st.sampled_from(["1g.10gb", "1g.10gb.shared", "me", "", "mig-3g.40gb", "9" * 99])
    word = st.sampled_from(claims)
    key = st.one_of(
        word.flatmap(lambda w: ends.map(w[:-1].__add__) if w.endswith("*") else st.just(w)),
        st.text(max_size=8),
    )
    asked = st.dictionaries(key, numbers | texts, max_size=5)
    said = st.dictionaries(key, texts | st.sampled_from(["1", "2", "50"]), max_size=5)
    names = st.sampled_from(["main", "side", "", "a b", "😀"])
    return st.builds(
        PodWords,
        annotations=said,
        labels=said,
        node_selector=said,
        containers=st.dictionaries(names, asked, max_size=3),
        default=names,
        scheduler=st.text(max_size=5),
    )


def read_or_refuse(dialect: Dialect, words: PodWords) -> Mapping[str, Reading] | Refusal:
    try:
        return dialect.read(words)
    except Refusal as refusal:
        return refusal


@pytest.mark.parametrize("key", known)
@settings(max_examples=150)
@given(data=st.data())
def test_reads_or_refuses(key: str, data: st.DataObject):
    dialect = DIALECTS[key]
    words = data.draw(pods(sorted(dialect.claims)))
    answer = read_or_refuse(dialect, words)
    if isinstance(answer, Refusal):
        assert len(answer.written) < 200
        assert answer.remedy
        return
    assert set(answer) <= set(words.containers)
    for reading in answer.values():
        assert 1 <= (reading.said.count or 1) <= 64
        assert all(len(warning) < 1000 for warning in reading.warnings)


@given(data=st.data())
def test_all_together_read_or_refuse(data: st.DataObject):
    everyone = tuple(DIALECTS.values())
    claims = sorted({name for dialect in everyone for name in dialect.claims})
    words = data.draw(pods(claims))
    try:
        heard = read_pod(everyone, words, {"nvidia.com/gpu": "cce"})
    except Refusal:
        return
    for name, rest in heard.rest.items():
        assert rest.items() <= words.containers[name].items()

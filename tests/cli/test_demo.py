"""`make demo` ends where the program is refused, in a container or, if need be, outside."""

import pytest

from tranche.cli.demo import demo, run
from tranche.cli.demo.box import NAMESPACE_REFUSED

LAST = "refused at MiB 3001 of 3000: CUDA_ERROR_OUT_OF_MEMORY"


def printed(capfd: pytest.CaptureFixture[str]) -> str:
    return capfd.readouterr().out.replace("\r", "\n").rstrip()


def test_the_whole_path_ends_in_a_refusal(capfd):
    assert demo() == 0
    assert printed(capfd).splitlines()[-1] == LAST


def test_a_machine_without_namespaces_shows_the_same_outside_of_a_container(capfd, monkeypatch):
    real = run._run

    def forbidden(command, env=None):
        inside = "tranche.cli.demo.container" in command
        return (NAMESPACE_REFUSED, b"") if inside else real(command, env)

    monkeypatch.setattr(run, "_run", forbidden)
    assert demo() == 0
    out = printed(capfd)
    assert "outside of one" in out
    assert out.splitlines()[-1] == LAST


def test_a_program_that_is_not_refused_there_is_a_failure(capfd, monkeypatch):
    monkeypatch.setattr(run, "_run", lambda *_: (0, b"took all 3000 MiB\n"))
    assert demo() == 1
    assert LAST not in printed(capfd)

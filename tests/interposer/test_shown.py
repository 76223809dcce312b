"""A program is shown its slice, not the card."""

from tests.interposer.rig import MIB, Rig


def test_the_driver_shows_the_slice(rig: Rig) -> None:
    with rig.program() as program:
        assert program.ask(f"alloc plain {1000 * MIB}") == "0"
        assert program.ask("info") == f"0 {2000 * MIB} {3000 * MIB}"
        assert program.ask("total 0") == f"0 {3000 * MIB}"


def test_the_first_versions_of_functions_show_the_slice_as_far_as_they_can(rig: Rig) -> None:
    most = (1 << 32) - 1
    with rig.program() as program:
        assert program.ask(f"alloc plain {1000 * MIB}") == "0"
        assert program.ask("old 0") == f"0 {2000 * MIB} {3000 * MIB} 0 {3000 * MIB}"
        rig.change(0, memory_bytes=6000 * MIB)
        assert program.ask("old 0") == f"0 {most} {most} 0 {most}"


def test_nvml_shows_the_slice_in_both_versions(rig: Rig) -> None:
    with rig.program() as program:
        assert program.ask(f"alloc plain {1000 * MIB}") == "0"
        one = two = [3000 * MIB, 2000 * MIB, 1000 * MIB]
        *shown, wrong_version = map(int, program.ask("nvml 0").split())
        assert shown == [*one, *two]
        assert wrong_version == 25  # NVML_ERROR_ARGUMENT_VERSION_MISMATCH, the driver's own answer


def test_a_card_of_which_nothing_is_granted_shows_nothing_free(rig: Rig) -> None:
    with rig.program(device=1) as program:
        assert program.ask("info") == f"0 0 {8000 * MIB}"
        assert program.fill() == 0
        assert "tranche.dev/gpu" in program.end()


def test_errors_of_the_driver_are_passed_on(rig: Rig) -> None:
    with rig.program() as program:
        assert program.ask("total 7").split()[0] == "101"  # CUDA_ERROR_INVALID_DEVICE

"""What is mounted, as the kernel lists it."""

from pathlib import Path

from tests.e2e.cluster.commands import succeeds


def below(folder: Path) -> list[str]:
    """The mount points at or below the folder, the latest first (proc(5), mountinfo).

    `Path.is_mount` does not see a folder bound within one file system.
    """
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    points = [line.split()[4].encode().decode("unicode_escape") for line in lines]
    return [point for point in reversed(points) if Path(point).is_relative_to(folder)]


def detach(folder: Path) -> list[str]:
    """Unmounts all of `below`, in use or not; answers what is still mounted."""
    for point in below(folder):
        succeeds(["umount", "--lazy", point])
    return below(folder)

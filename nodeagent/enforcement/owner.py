"""How a process is named in the region of its slice: as it sees itself."""

from pathlib import Path

from nodeagent.enforcement.layout import owner_word


def read_owner(proc: Path, pid: int) -> int:
    """The owner's word of a process, from its ``status`` and ``stat`` in procfs.

    Args:
        proc: where procfs is mounted.
        pid: as that procfs counts.

    Raises:
        OSError: there is no such process to be seen.
    """
    status = (proc / str(pid) / "status").read_bytes()
    stat = (proc / str(pid) / "stat").read_bytes()
    return owner(status, stat)


def owner(status: bytes, stat: bytes) -> int:
    """The same from the files' content; 0, which is nobody's, where they do not say.

    The innermost namespace's id is the last of ``NSpid``. A program's name, in brackets in
    ``stat``, may hold anything.
    """
    _, _, ids = status.partition(b"\nNSpid:")
    fields = stat.rpartition(b")")[2].split()
    try:
        return owner_word(int(ids.partition(b"\n")[0].split()[-1]), int(fields[19]))
    except (IndexError, ValueError):
        return 0

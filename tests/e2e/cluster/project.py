"""The project's own image, built from its Dockerfile with buildah and no network.

The build is given, as `docker build` would be:
`--build-arg BASE=…`: a local image with Debian's Python 3.11 and its venv module;
`--build-arg PIP_ARGS="--no-index --find-links /wheels"`: how pip finds packages;
`/wheels`, mounted: every wheel that pyproject.toml's dependencies, its `native` and `release`
extras and its build system need.
"""

import platform
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.e2e.cluster import images, paths
from tests.e2e.cluster.console import HarnessError, say
from tests.e2e.cluster.oci import Image

NAME = "localhost/tranche:e2e"
# All that may go into the image: a change elsewhere builds nothing anew.
SOURCES = (
    "Dockerfile",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "tranche",
    "webhook",
    "nodeagent",
    "interposer",
)

_EXTRAS = ("native", "release")
_PYTHON = "3.11"  # of the base image, whatever runs this
# pip takes these names literally, so each age of glibc that the base is not older than is named.
_PLATFORMS = (
    *(f"manylinux_2_{minor}" for minor in (35, 34, 31, 28, 27, 26, 24, 17, 12, 5)),
    *("manylinux2014", "manylinux2010", "manylinux1"),
)
_KEPT_BUILDS = 3


def image() -> Image:
    """The image of the sources as they are now.

    Raises HarnessError where there is no Dockerfile, CalledProcessError where a step of it fails.
    """
    if not (paths.REPOSITORY / "Dockerfile").exists():
        raise HarnessError(f"There is no Dockerfile in {paths.REPOSITORY}.")
    files = sources()
    wheels = wheelhouse()
    base = images.base()
    named = paths.key(
        paths.key_of_files(paths.REPOSITORY, files), wheels.name, base.archive.name, NAME
    )
    folder = paths.cache("images", "project")
    archive = paths.kept(folder / f"{named}.tar", lambda out: _build(files, wheels, base, out))
    archive.touch()
    for old in sorted(folder.glob("*.tar"), key=_age)[_KEPT_BUILDS:]:
        old.unlink(missing_ok=True)
    return Image(NAME, archive)


def _age(file: Path) -> float:
    return -file.stat().st_mtime


def sources() -> list[Path]:
    """The files of SOURCES that are there, without what running them leaves beside them."""
    found: list[Path] = []
    for name in SOURCES:
        place = paths.REPOSITORY / name
        found += place.rglob("*") if place.is_dir() else [place]
    return sorted(file for file in found if file.is_file() and "__pycache__" not in file.parts)


def wheelhouse() -> Path:
    """A folder of the wheels that the image is made of, downloaded with this machine's pip."""
    wanted = _requirements()
    named = paths.key(*wanted, _PYTHON, platform.machine())

    def make(folder: Path) -> None:
        say("downloading the wheels of the image")
        machine = platform.machine()
        subprocess.run(
            [
                *(sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:"),
                f"--python-version={_PYTHON}",
                *(f"--platform={name}_{machine}" for name in _PLATFORMS),
                f"--dest={folder}",
                *wanted,
            ],
            check=True,
        )

    return paths.kept(paths.cache("wheels") / named, make)


def _requirements() -> list[str]:
    settings = tomllib.loads((paths.REPOSITORY / "pyproject.toml").read_text())
    project = settings["project"]
    extras = [line for extra in _EXTRAS for line in project["optional-dependencies"][extra]]
    build = settings["build-system"]["requires"]
    # `wheel` is what older setuptools, and pip without build isolation, ask for.
    return sorted({*project["dependencies"], *extras, *build, "wheel"})


def _build(files: list[Path], wheels: Path, base: Image, out: Path) -> None:
    say("building the project's image from its Dockerfile")
    work = out.with_name(f"{out.name}.work")
    paths.remove(work)
    context = work / "context"
    for file in files:
        place = context / file.relative_to(paths.REPOSITORY)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.read_bytes())
        place.chmod(file.stat().st_mode)
    # A storage of its own, thrown away with all that a build leaves in it.
    buildah = [
        "buildah",
        f"--root={work}/storage",
        f"--runroot={work}/run",
        "--storage-driver=vfs",
    ]
    subprocess.run(
        [*buildah, "pull", "--quiet", f"oci-archive:{base.archive}"],
        stdout=subprocess.DEVNULL,
        check=True,
    )
    subprocess.run(
        [
            *(*buildah, "bud", "--isolation=chroot", "--pull-never", "--quiet"),
            f"--build-arg=BASE={images.BASE}",
            "--build-arg=PIP_ARGS=--no-index --find-links /wheels",
            f"--volume={wheels}:/wheels:ro",
            f"--tag={NAME}",
            str(context),
        ],
        stdout=sys.stderr,
        check=True,
    )
    subprocess.run(
        [*buildah, "push", "--quiet", "--disable-compression", NAME, f"oci-archive:{out}:{NAME}"],
        stdout=subprocess.DEVNULL,
        check=True,
    )
    paths.remove(work)

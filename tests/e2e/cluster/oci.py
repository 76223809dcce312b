"""OCI image archives written straight from layers, with no build tool and no registry.

The form is the OCI image layout in a tar, as containerd's and buildah's importers read it:
https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_MEDIA = "application/vnd.oci.image"


@dataclass(frozen=True, slots=True)
class Image:
    """An archive to import, and the name that pods call the image by."""

    name: str
    archive: Path


def layer(files: Mapping[str, Path], out: Path) -> None:
    """Writes a layer that holds these files (path in the image to file here), owned by root."""

    def root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = "root"
        entry.mtime = 0
        entry.mode |= 0o444
        return entry

    with tarfile.open(out, "w") as tar:
        for inside, file in sorted(files.items()):
            tar.add(file.resolve(), arcname=inside.lstrip("/"), filter=root)


def write(name: str, layers: Sequence[Path], out: Path, command: Sequence[str] = ()) -> None:
    """Writes the archive `out` of an image of these layers (uncompressed tars, lowest first)."""
    digests = [_digest_of(file) for file in layers]
    config = _json(
        {
            "architecture": ARCHITECTURE,
            "os": "linux",
            "config": {"Env": [_PATH], "Cmd": list(command)},
            "rootfs": {"type": "layers", "diff_ids": digests},
        }
    )
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": f"{_MEDIA}.manifest.v1+json",
            "config": _descriptor("config.v1+json", config),
            # Left uncompressed: they never leave this machine, and gzip is most of the time.
            "layers": [
                {
                    "mediaType": f"{_MEDIA}.layer.v1.tar",
                    "digest": digest,
                    "size": file.stat().st_size,
                }
                for file, digest in zip(layers, digests, strict=True)
            ],
        }
    )
    named = {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name}
    index = {**_descriptor("manifest.v1+json", manifest), "annotations": named}
    with tarfile.open(out, "w") as tar:
        _put(tar, "oci-layout", _json({"imageLayoutVersion": "1.0.0"}))
        _put(tar, "index.json", _json({"schemaVersion": 2, "manifests": [index]}))
        for blob in (config, manifest):
            _put(tar, _blob_path(_digest(blob)), blob)
        for digest, file in dict(zip(digests, layers, strict=True)).items():
            entry = tar.gettarinfo(file, _blob_path(digest))
            with file.open("rb") as data:
                tar.addfile(entry, data)


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _digest_of(file: Path) -> str:
    with file.open("rb") as data:
        return f"sha256:{hashlib.file_digest(data, 'sha256').hexdigest()}"


def _descriptor(kind: str, data: bytes) -> dict[str, object]:
    return {"mediaType": f"{_MEDIA}.{kind}", "digest": _digest(data), "size": len(data)}


def _blob_path(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _put(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data))

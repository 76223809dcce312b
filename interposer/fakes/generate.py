"""Writes the parts of the fake driver that follow from NVIDIA's headers.

    generate.py --include                 prints the folders with cuda.h and nvml.h
    generate.py cuda|nvml DEST SOURCE… [--without=NAME …] [--also=NAME …]
                                          writes the stubs of all that SOURCE… do not implement;
                                          for cuda also the table behind cuGetProcAddress; an older
                                          driver has not got the names after --without, a newer one
                                          also those after --also

A stub succeeds. What it is to fill, if it is a number or a handle, it fills with 0, so that a
program never goes on with garbage. NVML's getters answer "not supported" instead, which its callers
are used to.
"""

import importlib.metadata
import re
import sys
from pathlib import Path

PACKAGES = {"cuda": ("nvidia-cuda-runtime", "cuda.h"), "nvml": ("nvidia-nvml-dev", "nvml.h")}
REGISTERS = 6
"""Whole numbers and pointers among the arguments that come in registers, on x86-64; more on arm."""

WIDTHS = {
    "int": 4, "unsigned int": 4, "unsigned": 4, "CUdevice": 4, "cuuint32_t": 4,
    "size_t": 8, "unsigned long long": 8, "CUdeviceptr": 8, "cuuint64_t": 8,
    "CUmemGenericAllocationHandle": 8, "void *": 8,
}  # fmt: skip

HAND_WRITTEN = re.compile(
    r"^(?:EXPORT (?:CUresult |nvmlReturn_t |const char \*)|CONSTANT\()(\w+)\(", re.MULTILINE
)


def header(kind: str) -> Path:
    """The header as the installed package has it.

    Raises:
        SystemExit: the package is not installed.
    """
    package, name = PACKAGES[kind]
    try:
        files = importlib.metadata.files(package) or []
    except importlib.metadata.PackageNotFoundError:
        sys.exit(f"{name} comes with the Python package {package}: pip install {package}")
    return next(Path(str(file.locate())) for file in files if file.name == name)


def strip_comments(text: str) -> str:
    """C without its comments."""
    return re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.DOTALL)


def prototypes(text: str) -> dict[str, str]:
    """Function -> its parameters, for every function that the header declares."""
    found = re.findall(
        r"\b(?:CUresult\s+CUDAAPI|nvmlReturn_t\s+DECLDIR|const\s+char\s*\*\s*DECLDIR)"
        r"\s+(\w+)\s*\(([^;{]*?)\)\s*;",
        text,
    )
    return dict(found)


def exported(kind: str, text: str) -> dict[str, str]:
    """Every name that the library exports -> parameters, as far as they are known."""
    names = prototypes(text)
    if kind == "nvml":
        pairs = re.findall(r"#\s*define\s+(nvml[A-Z]\w+)\s+(nvml[A-Z]\w+)", text)
        names |= {alias: names.get(alias, "") for _, alias in pairs}
        return {name: names[name] for name in sorted(names)}
    inline = set(re.findall(r"static\s+inline\s+CUresult\s+(?:CUDAAPI\s+)?(cu\w+)", text))
    for base, macro, alias in re.findall(
        r"#\s*define\s+(cu[A-Z]\w+)\s+(?:__CUDA_API_(PTDS|PTSZ)\()?(cu[A-Z]\w+)", text
    ):
        parameters = names.get(base, "")
        names.setdefault(alias, parameters)
        if macro:
            names.setdefault(f"{alias}_{macro.lower()}", parameters)
    return {name: names[name] for name in sorted(names) if name not in inline}


def stub(name: str, parameters: str, types: dict[str, int], result: str) -> str:
    """A C function that answers ``result`` and fills what it is to fill with 0."""
    register, used, lines = 0, 0, []
    for parameter in parameters.split(","):
        words = re.sub(r"\s+", " ", parameter).strip()
        if words in {"", "void"} or re.match(r"(float|double|CUipc\w+) \w+$", words):
            continue
        target = re.match(r"(.*?)\s*\*\s*\w+$", words)
        if target and register < REGISTERS and not words.startswith("const "):
            width = types.get(target[1].strip())
            if width:
                lines.append(f"    if (a{register}) *(uint{width * 8}_t *)a{register} = 0;")
                used = register + 1
        register += 1
    body = "".join(f"{line}\n" for line in lines)
    arguments = ", ".join(f"uintptr_t a{i}" for i in range(used)) or "void"
    return f"int {name}({arguments});\nint {name}({arguments}) {{\n{body}    return {result};\n}}\n"


def known_types(text: str) -> dict[str, int]:
    """Bytes of every type of the header that is an enum or a handle."""
    enums = re.findall(r"typedef\s+enum\s+\w+\s*\{[^}]*\}\s*(\w+)\s*;", text)
    handles = re.findall(r"typedef\s+struct\s+\w+\s*\*\s*(\w+)\s*;", text)
    return WIDTHS | dict.fromkeys(enums, 4) | dict.fromkeys(handles, 8)


def versions(names: dict[str, str]) -> list[tuple[str, int, str, str]]:
    """Rows of cuGetProcAddress: base name, CUDA version since when, symbol, per-thread symbol.

    Source: cudaTypedefs.h, which has a type PFN_<base>_v<version> for each version of a function;
    the versions of one base, in order, are the symbols base, base_v2, base_v3, … in order.
    """
    text = header("cuda").with_name("cudaTypedefs.h").read_text(encoding="latin-1")
    since: dict[str, set[int]] = {}
    for base, version in re.findall(r"\bPFN_(cu[A-Z]\w*?)_v(\d+)\b", text):
        since.setdefault(base, set()).add(int(version))
    rows = []
    for base, numbers in sorted(since.items()):
        symbols = [base, *(f"{base}_v{n}" for n in range(2, 9))]
        there = [symbol for symbol in symbols if symbol in names]
        for version, symbol in zip(sorted(numbers)[::-1], there[::-1], strict=False):
            own = (f"{symbol}{ending}" for ending in ("_ptsz", "_ptds"))
            rows.append((base, version, symbol, next((n for n in own if n in names), symbol)))
    return rows


def main(arguments: list[str]) -> None:
    """The command line above."""
    if arguments == ["--include"]:
        print(*sorted({f"-I{header(kind).parent}" for kind in PACKAGES}))  # noqa: T201
        return
    missing = {a.removeprefix("--without=") for a in arguments if a.startswith("--without=")}
    also = {a.removeprefix("--also=") for a in arguments if a.startswith("--also=")}
    kind, destination, *sources = (a for a in arguments if not a.startswith("--"))
    text = strip_comments(header(kind).read_text(encoding="latin-1"))
    names = exported(kind, text) | dict.fromkeys(sorted(also), "void")
    written = "".join(Path(source).read_text() for source in sources)
    by_hand = set(HAND_WRITTEN.findall(written))
    types = known_types(text)
    parts = ["/* Written by generate.py. */\n#include <stddef.h>\n#include <stdint.h>\n"]
    parts.append("#pragma GCC visibility push(default)\n")
    for name, parameters in names.items():
        if name in by_hand | missing:
            continue
        getter = kind == "nvml" and re.match(r"nvml\w+Get[A-Z]", name)
        parts.append(stub(name, parameters, types, "3" if getter else "0"))
    if kind == "cuda":
        rows = [row for row in versions(names) if row[2] not in missing]
        parts += [f"int {n}();\n" for n in sorted({n for row in rows for n in row[2:]} & by_hand)]
        parts.append(
            "#pragma GCC visibility pop\n"
            "struct version { const char *base; int since; void *symbol, *per_thread; };\n"
            "extern const struct version VERSIONS[];\nconst struct version VERSIONS[] = {\n"
        )
        parts += [f'    {{"{b}", {v}, (void *){s}, (void *){p}}},\n' for b, v, s, p in rows]
        parts.append("    {NULL, 0, NULL, NULL}};\n")
    Path(destination).write_text("".join(parts))


if __name__ == "__main__":
    main(sys.argv[1:])

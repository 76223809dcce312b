"""Commands of a page, run, with what they print."""

import os
import re
import shlex
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from typer.testing import CliRunner

from tests.docs.making.page import Block
from tranche.cli.main import app


def console(block: Block) -> str:
    """A fenced block in which each line that begins with ``$`` is a call of `tranche`.

    The page's files are in the folder it is called in. What goes to standard error comes first, as
    it does in a terminal.
    """
    commands = re.findall(r"^\$ (.*)$", block.body, re.MULTILINE)
    with _folder(dict(block.files)):
        printed = [f"$ {command}\n{_output(command)}" for command in commands]
    return "```console\n" + "".join(printed) + "```"


def _output(command: str) -> str:
    program, *words = shlex.split(command)
    assert program == "tranche", f"{command}: only tranche itself is called here"
    result = CliRunner().invoke(app, words, env={"COLUMNS": "100"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.stderr + result.stdout


@contextmanager
def _folder(files: dict[str, str]) -> Iterator[None]:
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as name:
        for file, text in files.items():
            Path(name, file).write_text(text, "utf-8")
        os.chdir(name)
        try:
            yield
        finally:
            os.chdir(before)

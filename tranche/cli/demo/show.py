"""What the demo prints: numbered stages, and the few lines of each that matter."""

from typing import Any

import msgspec
from rich.console import Console
from rich.highlighter import JSONHighlighter
from rich.padding import Padding
from rich.syntax import Syntax

_console = Console(highlight=False, soft_wrap=True)
_stage = 0


def stage(title: str, why: str) -> None:
    """Begins the next stage."""
    global _stage  # noqa: PLW0603 (one demo a process)
    _stage += 1
    _console.print(f"\n[bold cyan]{_stage}  {title}[/]\n   [dim]{why}[/]")


def line(text: str) -> None:
    """A fact of the stage."""
    _console.print(f"   {text}")


def yaml(text: str) -> None:
    """Something that a person would write."""
    _console.print(Padding(Syntax(text.strip(), "yaml", background_color="default"), (0, 0, 0, 5)))


def data(value: Any) -> None:
    """Something that a program wrote, as JSON."""
    text = msgspec.json.encode(value).decode()
    _console.print(JSONHighlighter()("     " + text))

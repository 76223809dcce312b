"""The program `tranche`: its commands and their options."""

from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer(
    name="tranche",
    help="A slice of any accelerator for any pod, asked for in plain words.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def tranche() -> None:
    """A slice of any accelerator for any pod, asked for in plain words."""


@app.command()
def explain(
    file: Annotated[
        str,
        typer.Option("-f", "--file", help="Pods, or what makes them, in YAML or JSON; - is stdin"),
    ],
    namespace_file: Annotated[
        Path | None, typer.Option(help="The Namespace object, for its tranche.dev annotations")
    ] = None,
    settings: Annotated[
        Path | None, typer.Option(help="The webhook's settings.yaml, as the chart writes it")
    ] = None,
    output: Annotated[
        Literal["text", "yaml", "json"],
        typer.Option("-o", "--output", help="In words, or the object as it would become"),
    ] = "text",
) -> None:
    """Say what a pod would get, with the code that admits it and no cluster."""
    from tranche.cli.explain import run  # noqa: PLC0415  starting must be quick

    raise typer.Exit(run(file, namespace_file, settings, output))


@app.command()
def doctor(
    file: Annotated[
        str | None,
        typer.Option(
            "-f", "--file", help="What `kubectl get … -o json` said, instead of asking it"
        ),
    ] = None,
    context: Annotated[str | None, typer.Option(help="The kubeconfig's context to use")] = None,
) -> None:
    """Say what in the cluster keeps pods from their slices: namespaces, nodes, webhook, agents.

    Reads by kubectl, with your rights, and writes nothing.
    """
    from tranche.cli.doctor import doctor as examine  # noqa: PLC0415  starting must be quick

    raise typer.Exit(examine(file, context))


@app.command()
def demo() -> None:
    """Walk the whole path on this machine: no cluster, no card."""
    from tranche.cli.demo import demo as walk  # noqa: PLC0415  starting must be quick

    raise typer.Exit(walk())


if __name__ == "__main__":
    app()

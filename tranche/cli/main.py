"""The program `tranche`: its commands and their options."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

System = Literal["tranche", "hami", "volcano", "koordinator", "kai", "plugin"]
"""As `tranche.dialects.writers`, which takes time to import."""

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
    *,
    file: Annotated[
        str | None,
        typer.Option("-f", "--file", help="Pods, or what makes them, in YAML or JSON; - is stdin"),
    ] = None,
    words: Annotated[
        str | None,
        typer.Option(help='A sentence instead of a file, such as "2 x 3000Mi on A100"'),
    ] = None,
    to: Annotated[
        System | None,
        typer.Option(help="Show what this system would be told, instead of Tranche"),
    ] = None,
    having: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="NAME=VALUE",
            help="A setting of that system, such as gpuMemoryFactor=1, or of a vendor, such as "
            "vendors.cambricon.memoryUnit=256Mi; may be repeated",
        ),
    ] = None,
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
    """Say what a pod or a sentence would get, with the code that admits it and no cluster.

    Sizes are those that the cards have: 8Gi of a card that is cut into 16 GiB gets 16, and a
    warning says so.

    Warnings and refusals go to standard error.

    The exit status is 1 when something is refused, 2 when something cannot be read.

    Try it:

        tranche explain -f pod.yaml

        tranche explain -f pod.yaml -o yaml

        tranche explain --words "8Gi and 30% cores on A100 80G"

        tranche explain --words "10Gi on 910B4" --to hami

        tranche explain --words "50% on Cambricon" --with vendors.cambricon.memoryUnit=1%

        tranche explain -f pod.yaml --to volcano --with gpuMemoryFactor=1
    """
    from tranche.cli import explain as files  # noqa: PLC0415  starting must be quick
    from tranche.cli import sentences  # noqa: PLC0415
    from tranche.cli.written import read_pairs, vendors_of, writer_of  # noqa: PLC0415
    from tranche.words.errors import Malformed  # noqa: PLC0415

    if (file is None) == (words is None):
        raise typer.BadParameter(
            "name a file with -f or write a sentence with --words, one of them"
        )
    if words is not None and (namespace_file or settings):
        raise typer.BadParameter("--words explains a sentence by itself; leave files out")
    try:
        of_system, of_vendors = read_pairs(having or [])
        if of_system and to is None:
            raise typer.BadParameter("--with speaks of a system; name it with --to")
        if of_vendors and words is None:
            raise typer.BadParameter("a vendor's settings for a file are those of --settings")
        writer = None if to is None else writer_of(to, of_system)
        vendors = vendors_of(of_vendors)
    except Malformed as error:
        print(f"malformed: {error}", file=sys.stderr)
        raise typer.Exit(files.MALFORMED) from None
    if words is not None:
        raise typer.Exit(sentences.run(words, writer, vendors, output))
    raise typer.Exit(
        files.run(
            str(file),
            namespace_file=namespace_file,
            settings_file=settings,
            writer=writer,
            output=output,
        )
    )


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

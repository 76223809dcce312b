"""The command ``tranche-webhook``."""

import os
import sys

import uvloop

from tranche.words.errors import TrancheError
from webhook import uninstall
from webhook.logs import set_up_logs
from webhook.options import parse_options
from webhook.process import serve
from webhook.settings import Settings, load_settings


def main() -> None:
    """Serve, or with ``uninstall`` as the first word, clean up."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["uninstall"]:
        sys.exit(uninstall.main(arguments[1:]))
    options = parse_options(arguments, os.environ)
    set_up_logs(options.log_level)
    try:
        text = options.settings.read_text() if options.settings else ""
        settings = load_settings(text) if text.strip() else Settings()
        uvloop.run(serve(options, settings))
    except (TrancheError, OSError) as error:
        # What an operator can put right needs no traceback.
        sys.exit(f"tranche-webhook: {error}")


if __name__ == "__main__":
    main()

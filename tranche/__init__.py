"""The words that the webhook and the node agent both speak. Nothing here does I/O but the CLI."""

"""The two families of errors.

TrancheError
├── Refusal     what was asked cannot be; shown to the person, with what could be
└── Malformed   what was received is not what its sender is bound to send
"""


class TrancheError(Exception):
    """Everything that Tranche itself raises on purpose."""


class Refusal(TrancheError):
    """A request that cannot be granted as it is written.

    Attributes:
        written: the words as the person wrote them.
        where: the field that they stand in, such as ``annotation tranche.dev/gpu``; may be empty
            while the reader of a bare sentence does not know.
        why: one clause that says what is wrong.
        remedy: one clause that says what could be written instead.
    """

    def __init__(self, written: str, why: str, remedy: str, *, where: str = "") -> None:
        self.written = shorten(written)
        self.where = where
        self.why = why
        self.remedy = remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        """One sentence: where, what, why, and the way out."""
        place = f"{self.where}: " if self.where else ""
        quoted = f'"{self.written}": ' if self.written else ""
        return f"{place}{quoted}{self.why}; {self.remedy}"

    def at(self, where: str) -> "Refusal":
        """The same refusal, now knowing the field it came from."""
        return Refusal(self.written, self.why, self.remedy, where=where)


class Malformed(TrancheError):
    """Bytes or objects from another program that break its contract. Never the person's fault."""


def shorten(text: str, longest: int = 120) -> str:
    """The text as it may be quoted back: hostile input is bounded and made printable."""
    printable = "".join(c if c.isprintable() else "�" for c in text[: longest + 1])
    return printable if len(printable) <= longest else printable[:longest] + "…"

"""Programs that are told what to do, one step after the other."""

from tests.interposer.rig import Program, Rig


class Told:
    """A program that is told its steps, each of which has to succeed."""

    def __init__(self, rig: Rig, program: Program) -> None:
        self.rig = rig
        self.program = program

    def __call__(self, *steps: str) -> None:
        for step in steps:
            assert self.program.ask(step) == "0", step

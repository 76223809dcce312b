"""What holds for all tests."""

from hypothesis import settings

# A busy machine is no failure: tests say what is right, tests/bench says how fast.
settings.register_profile("tranche", deadline=None)
settings.load_profile("tranche")

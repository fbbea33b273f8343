"""Settings for the property tests of the kernels."""

from hypothesis import settings

# A busy machine is no failure: what is drawn and how often stays as set for the whole suite.
settings.register_profile("no-deadline", parent=settings(), deadline=None)
settings.load_profile("no-deadline")

"""What every test shares: property tests that a slow machine does not fail."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "tourney", deadline=None, max_examples=40, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tourney")

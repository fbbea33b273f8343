"""When and how long to wait before a request is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tournament.runtime.retry import RetryPolicy, retry_after


def test_waits_double_up_to_the_cap_and_are_jittered() -> None:
    policy = RetryPolicy(base_s=1.0, cap_s=5.0)
    for failures, ceiling in [(1, 1.0), (2, 2.0), (3, 4.0), (4, 5.0), (5000, 5.0)]:
        waits = {policy.delay(failures) for _ in range(50)}
        assert all(ceiling / 2 <= wait <= ceiling for wait in waits)
        assert len(waits) > 1


def test_the_servers_wish_is_honoured_up_to_the_cap() -> None:
    policy = RetryPolicy(base_s=1.0, cap_s=5.0)
    assert policy.delay(1, 3.0) == 3.0
    assert policy.delay(1, 3600.0) == 5.0
    assert policy.delay(4, 0.0) == 0.0


@pytest.mark.parametrize("header", [None, "", "soon", "-5", "1e9", "٣", "99 Foo 2020"])
def test_a_header_that_says_nothing_asks_for_nothing(header: str | None) -> None:
    assert retry_after(header) is None


def test_retry_after_takes_seconds_and_dates() -> None:
    assert retry_after(" 7 ") == 7.0
    later = retry_after(format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True))
    assert later is not None
    assert 55 < later <= 60
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0

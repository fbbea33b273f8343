"""Errors in OpenAI's shape: what a client is told, with which status, and what an error of ours becomes there."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from tournament.errors import JudgeSetupError, JudgeUnreachableError, TourneyError
from tournament.runtime.faults import HttpStatusError, RequestTimeoutError, kind_of

_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
# What is about the request that the policy was sent, and so about the one that we were sent.
_PASSED_ON = frozenset({400, 413, 422})
log = logging.getLogger(__name__)
_NO_RETRY = {"x-should-retry": "false"}
_SHOWN = 300


class ApiError(Exception):
    """What a request ends in when it cannot be answered; `param` is the field of the body that it is about."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.param = status, code, param
        self.headers = dict(headers or {})

    def to_json(self) -> dict[str, Any]:
        """The body of the answer."""
        kind = _TYPES.get(self.status, "server_error" if self.status >= 500 else "invalid_request_error")
        return {"error": {"message": str(self), "type": kind, "param": self.param, "code": self.code}}


def refused(message: str, param: str | None = None, code: str = "invalid_value") -> ApiError:
    """A request that cannot be honoured as it is."""
    return ApiError(400, message, param=param, code=code)


def too_late(message: str) -> ApiError:
    """A deadline that passed before anything was there to answer with; another try would take as long."""
    return ApiError(504, message, code="deadline_exceeded", headers=_NO_RETRY)


def no_candidates(failures: Sequence[Exception]) -> ApiError:
    """What it is when every candidate came to nothing.

    Clients are asked not to try again by themselves: the policy's client has done so already.
    """
    said = failures[-1]
    log.warning("no candidate could be sampled (%s)", said)
    if all(isinstance(one, HttpStatusError) and one.status in _PASSED_ON for one in failures):
        shown = " ".join(str(said).split())[:_SHOWN]
        return refused(f"the policy model refuses this request: {shown}", code="policy_refused")
    status, code = _statuses(said)
    # What else the error says, such as where the policy is, is for the operator.
    message = f"no candidate could be sampled from the policy model: {kind_of(said)}"
    return ApiError(status, message, code=code, headers=_NO_RETRY)


def _statuses(failure: Exception) -> tuple[int, str]:
    match failure:
        case RequestTimeoutError():
            return 504, "policy_timeout"
        case JudgeSetupError():
            return 502, "policy_setup"
        case JudgeUnreachableError():
            return 502, "policy_unreachable"
    return 502, "policy_failed"


def judge_lost(sampled: bool) -> ApiError:
    """A judge that is gone, known before anything was sampled or only after."""
    if sampled:
        message = "the judge stopped answering before it had compared any two candidates"
        return ApiError(502, message, code="judge_lost", headers=_NO_RETRY)
    return ApiError(503, "the judge does not answer at present", code="judge_unreachable", headers={"Retry-After": "5"})


def internal(error: Exception) -> ApiError:
    """Anything else; what it says may name files, so it is for the log alone."""
    code = "internal_error" if isinstance(error, TourneyError) else "unexpected_error"
    return ApiError(500, f"the endpoint failed ({type(error).__name__}); its log says more", code=code)

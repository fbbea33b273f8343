"""The policy model: one or more OpenAI-compatible servers of it, asked for one sample a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tournament.errors import JudgeSetupError, JudgeUnreachableError
from tournament.experiments.sampling.sample import Answer, read_answer
from tournament.judges.openai import own_key, with_version
from tournament.judges.served import Endpoint, is_served, not_listed, unknown_model
from tournament.runtime.faults import HttpStatusError, RequestError

CHAT, COMPLETIONS, MODELS = "/chat/completions", "/completions", "/models"
_NO_LISTING = frozenset({404, 405, 501})
_NO_KEY = frozenset({401, 403})
# What no sample of this run would fare better with.
_HOPELESS = _NO_KEY | _NO_LISTING


class Policy:
    """A policy model. `model` is empty until `start` for the first model that the server lists."""

    def __init__(
        self,
        base_url: str,
        *,
        model: str = "",
        completions: bool = False,
        key_env: str = "",
        key_file: str = "",
        timeout_s: float = 600.0,
        attempts: int = 5,
    ) -> None:
        self.endpoint = Endpoint(
            base_url,
            key_env=key_env or ("" if key_file else own_key(base_url)),
            key_file=key_file,
            timeout_s=timeout_s,
            attempts=attempts,
            health_path=MODELS,
            complete=with_version,
        )
        self.model = model
        self._path = COMPLETIONS if completions else CHAT

    @property
    def retries(self) -> int:
        """Requests sent again so far."""
        return self.endpoint.retries

    async def close(self) -> None:
        """Give back the connections."""
        await self.endpoint.close()

    async def start(self) -> None:
        """Check that the server answers and lists the model; take its first model where none is named.

        Raises:
            JudgeUnreachableError: where none answers.
            JudgeSetupError: where it does not serve the model.
        """
        names = await self._listed()
        if names is None:
            if not self.model:
                raise JudgeSetupError(f"{self.endpoint.address} lists no models; name one with --model")
        elif self.model and not is_served(self.model, names):
            raise unknown_model(self.endpoint.address, self.model, names)
        elif not names:
            raise JudgeSetupError(f"{self.endpoint.address} serves no model; start it with one")
        elif self.model not in names:
            # The server's own spelling, since it takes no other.
            self.model = next(name for name in names if not self.model or is_served(self.model, [name]))
        self.endpoint.vet(lambda client: not_listed(client, MODELS, self.model))

    async def ask(self, body: Mapping[str, Any], *, near: str) -> Answer:
        """Draw one sample; those with the same `near` go to one server while that is not much busier than others.

        Raises:
            RequestError: where this request came to nothing.
            JudgeUnreachableError: where so many in a row did that the server must be gone.
            JudgeSetupError: where the server refuses the key, the path or the model.
        """
        try:
            return read_answer(await self.endpoint.post(self._path, dict(body), near=near))
        except HttpStatusError as error:
            if error.status in _HOPELESS:
                raise self._refused(error) from error
            raise

    async def _listed(self) -> list[str] | None:
        """The served names; None where the server has no listing."""
        try:
            listing = await self.endpoint.get(MODELS)
            return [str(row["id"]) for row in listing["data"]]
        except HttpStatusError as error:
            if error.status in _NO_LISTING:
                return None
            raise self._refused(error) from error
        except RequestError as error:
            what = f"{self.endpoint.address} does not answer as an OpenAI-compatible server: {error}"
            raise JudgeUnreachableError(what) from error
        except (LookupError, TypeError):
            return None

    def _refused(self, error: HttpStatusError) -> JudgeSetupError | JudgeUnreachableError:
        address = self.endpoint.address
        if error.status in _NO_KEY:
            hint = "name the environment variable that holds one with --api-key-env, or a file with --api-key-file"
            return JudgeSetupError(f"{address} refuses the API key (HTTP {error.status}); {hint}")
        if error.status in (502, 503, 504):
            what = f"{address} is not ready (HTTP {error.status}); wait until the server is up"
            return JudgeUnreachableError(what)
        return JudgeSetupError(f"{address} cannot be sampled from ({error}); check --base-url and --model")

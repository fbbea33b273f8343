"""An endpoint put together from its parts, up for the length of a block."""

from __future__ import annotations

import resource
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tournament.endpoint.access import Access
from tournament.endpoint.admission import Admission
from tournament.endpoint.bench import Bench
from tournament.endpoint.drawn import Sampler
from tournament.endpoint.fair import FairGate
from tournament.endpoint.kept import SUFFIX, KeptSamples, RecentLedger
from tournament.endpoint.metrics import Metrics
from tournament.endpoint.server import MAX_BODY_BYTES, Server
from tournament.endpoint.service import Service
from tournament.endpoint.terms import Terms
from tournament.errors import UsageError
from tournament.experiments.sampling.policy import Policy
from tournament.garbage import rare_collections
from tournament.judge import Judge
from tournament.ledger import Ledger
from tournament.memory_ledger import MemoryLedger

_SPARE_FILES = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What an endpoint is made of besides its terms, whose `model` is taken from the policy where it is empty.

    `policy_in_flight` are the candidates sampled at once; each judge's comparisons in flight are the configuration's.
    """

    policy: Policy
    judges: Mapping[str, Judge]
    access: Access
    host: str = "127.0.0.1"
    port: int = 8765
    ledger: Path | None = None
    most: int = 256
    queue: int = 1024
    policy_in_flight: int = 256
    max_body_bytes: int = MAX_BODY_BYTES
    drain_s: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Up:
    """An endpoint that answers, at `url` without the `/v1`."""

    url: str
    terms: Terms
    service: Service


@asynccontextmanager
async def serving(terms: Terms, parts: Parts) -> AsyncIterator[Up]:
    """An endpoint that answers for the length of the block; its end waits `drain_s` for requests under way.

    Raises:
        TourneyError: where the policy or a judge is not there, a ledger cannot be used, or nobody can listen there.
    """
    asking = parts.policy_in_flight + terms.config.in_flight * len(parts.judges)
    raise_file_limit(parts.most + parts.queue + asking)
    async with AsyncExitStack() as stack:
        stack.enter_context(rare_collections())
        stack.push_async_callback(parts.policy.close)
        await parts.policy.start()
        for judge in parts.judges.values():
            stack.push_async_callback(judge.close)
            await judge.start()
        ledger, kept = _ledgers(stack, parts.ledger)
        service = _service(terms, parts, ledger, kept)
        stack.push_async_callback(service.close)
        terms = replace(terms, model=terms.model or parts.policy.model)
        server = Server(service, terms, parts.access, max_body_bytes=parts.max_body_bytes)
        stack.push_async_callback(server.close, parts.drain_s)
        yield Up(url=await _listening(server, parts.host, parts.port), terms=terms, service=service)


def raise_file_limit(connections: int) -> None:
    """Let this process hold so many connections, of clients and to servers, as far as the system allows it.

    One that rests for a moment counts too.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + connections // 4 + _SPARE_FILES
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def _ledgers(stack: AsyncExitStack, path: Path | None) -> tuple[Ledger | MemoryLedger, KeptSamples]:
    if path is None:
        return RecentLedger(), KeptSamples()
    try:
        ledger = Ledger(path)
    except OSError as error:
        raise UsageError(f"--ledger {path}: cannot be written ({error.strerror}); choose another") from None
    stack.callback(ledger.close)
    kept = KeptSamples(path.with_name(path.name + SUFFIX))
    stack.callback(kept.close)
    return ledger, kept


def _service(terms: Terms, parts: Parts, ledger: Ledger | MemoryLedger, kept: KeptSamples) -> Service:
    config, metrics, admission = terms.config, Metrics(), Admission(parts.most, parts.queue)
    benches: dict[str, Bench] = {}
    for name, judge in parts.judges.items():
        places = FairGate(min(config.in_flight, getattr(judge, "most_in_flight", config.in_flight)))
        benches[name] = Bench(name, judge, ledger, places, terms.prices)
    sampler = Sampler(parts.policy, FairGate(parts.policy_in_flight), kept)
    metrics.gauges["requests_in_flight"] = ("Requests that have had their turn.", lambda: admission.at_work)
    metrics.gauges["requests_queued"] = ("Requests that wait for their turn.", lambda: admission.waiting)
    service = Service(sampler, benches, admission, metrics)
    metrics.gauges["judges_lost"] = ("Judges that stopped answering.", lambda: service.lost)
    return service


async def _listening(server: Server, host: str, port: int) -> str:
    try:
        return await server.start(host, port)
    except (OSError, UnicodeError) as error:
        reason = "that is no name" if isinstance(error, UnicodeError) else error.strerror or str(error)
        raise UsageError(f"--host {host} --port {port}: cannot listen there ({reason}); choose another") from None

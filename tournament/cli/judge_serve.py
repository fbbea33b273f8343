"""`tourney judge serve`: SGLang with a judge's model, in the foreground."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace
from pathlib import Path

import click

from tournament.cli.serving import START_TIMEOUT_S, announced, plan_for
from tournament.runtime.server import ServerPlan


@click.command(context_settings={"ignore_unknown_options": False})
@click.argument("profile")
@click.option("--model", default="", help="Folder or hub id of the model. [default: the profile's]")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; loopback unless told.")
@click.option("--port", type=click.IntRange(1, 65535), default=30000, show_default=True)
@click.option("--tp", type=click.IntRange(1), default=1, show_default=True, help="GPUs that share one copy.")
@click.option("--dp", type=click.IntRange(1), default=1, show_default=True, help="Copies of the model.")
@click.option("--context-length", type=click.IntRange(1), help="Tokens. [default: the profile's]")
@click.option("--log", type=click.Path(path_type=Path), help="SGLang's output. [default: a new temporary file]")
@click.option("--timeout", type=float, default=START_TIMEOUT_S, show_default=True, help="Seconds until it must be up.")
@click.argument("flags", nargs=-1, type=click.UNPROCESSED)
def command(
    profile: str,
    model: str,
    host: str,
    port: int,
    tp: int,
    dp: int,
    context_length: int | None,
    log: Path | None,
    timeout: float,
    flags: tuple[str, ...],
) -> None:
    """Start SGLang with the model of judge PROFILE, wait until it answers, and end it with Ctrl-C.

    Flags after -- go to sglang.launch_server as they are and win over those above. TOURNEY_SGLANG_PYTHON names a Python
    that has SGLang, where this one has not.
    """
    plan = plan_for(profile, model=model, extra=flags)
    context = context_length if context_length is not None else plan.context_length
    plan = replace(plan, host=host, port=port, tp=tp, dp=dp, context_length=context, log_path=log)
    asyncio.run(_serve(plan, timeout))


async def _serve(plan: ServerPlan, timeout_s: float) -> None:
    loop, task, stop = asyncio.get_running_loop(), asyncio.current_task(), asyncio.Event()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        async with announced(plan, timeout_s) as server:
            for number in (signal.SIGINT, signal.SIGTERM):  # from here on, the end is the normal one
                loop.add_signal_handler(number, stop.set)
            click.echo(server.base_url)
            await server.ended_or(stop)
    except asyncio.CancelledError:
        raise click.Abort from None

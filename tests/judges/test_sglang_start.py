"""How the SGLang judge is set up: its settings, its server, its model."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fake_server import MODEL, FakeServer, Scripted
from tests.judges.serving import ONE, PAIR, started
from tournament import registry
from tournament.errors import JudgeSetupError, JudgeUnreachableError, UnknownNameError, UsageError
from tournament.judge import Judge
from tournament.judges.sglang import SglangJudge, SglangSettings

PLAIN = SglangSettings(attempts=1)


def test_start_learns_the_model_and_the_identity_says_no_address() -> None:
    judge = started(FakeServer(), PLAIN)
    other = started(FakeServer(), PLAIN)
    assert judge.identity.model == f"/models/{MODEL}"
    assert judge.identity.label == f"sglang: /models/{MODEL} (generic-chat, tourney's wording)"
    assert judge.identity.digest() == other.identity.digest()
    assert not judge.identity.deterministic
    warmer = started(FakeServer(), replace(PLAIN, temperature=1.0))
    assert warmer.identity.digest() != judge.identity.digest()


@pytest.mark.parametrize("model", [MODEL, f"/models/{MODEL}", "judge-model"])
def test_a_model_is_found_by_its_name_or_the_end_of_its_path(model: str) -> None:
    assert started(FakeServer(), replace(PLAIN, model=model)).identity.model == f"/models/{MODEL}"


def test_another_model_is_refused_and_the_served_ones_listed() -> None:
    with pytest.raises(
        JudgeSetupError, match=re.escape(f"does not serve 'other'; it serves: /models/{MODEL}, {MODEL}")
    ):
        started(FakeServer(), replace(PLAIN, model="other"))


def test_an_older_server_is_asked_in_its_own_way() -> None:
    server = FakeServer(fixed={"/model_info": Scripted(status=404)})
    assert started(server, PLAIN).identity.model
    assert "/get_model_info" in [seen.path for seen in server.seen]


def _worker(model: str, *, well: bool) -> dict[str, object]:
    return {"url": "http://w", "is_healthy": well, "metadata": {"model_path": model, "served_model_name": "served"}}


@pytest.mark.parametrize(
    ("workers", "served"),
    [
        ([_worker("/m/a", well=True), _worker("/m/a", well=True)], "/m/a"),
        ([_worker("/m/gone", well=False), _worker("/m/a", well=True)], "/m/a"),
        ([_worker("/m/a", well=False)], "/m/a"),
    ],
)
def test_a_router_tells_what_its_workers_serve(workers: list[object], served: str) -> None:
    """Also where some of them are gone, so that a run can be resumed."""
    fixed = {
        "/model_info": Scripted(status=404),
        "/get_model_info": Scripted(status=500),
        "/workers": Scripted(body=json.dumps({"workers": workers}).encode()),
    }
    assert started(FakeServer(fixed=fixed), PLAIN).identity.model == served


def test_workers_of_different_models_are_refused() -> None:
    workers = [_worker("/m/a", well=True), _worker("/m/b", well=True)]
    fixed = {"/model_info": Scripted(status=404), "/workers": Scripted(body=json.dumps({"workers": workers}).encode())}
    with pytest.raises(JudgeSetupError, match="different models: /m/a, /m/b"):
        started(FakeServer(fixed=fixed), PLAIN)


@pytest.mark.parametrize(
    ("fixed", "error", "what"),
    [
        ({"/health": Scripted(status=503)}, JudgeUnreachableError, "wait until the server is up"),
        ({"/health": Scripted(status=404)}, JudgeSetupError, "check base_url"),
        ({"/model_info": Scripted(status=401)}, JudgeSetupError, "api_key_env"),
        ({"/model_info": Scripted(body=b"[]")}, JudgeSetupError, "no SGLang server"),
        ({"/model_info": Scripted(body=b"<html>")}, JudgeUnreachableError, "does not answer as a judge's server"),
    ],
)
def test_a_server_that_is_no_judge_is_refused(fixed: dict[str, Scripted], error: type[Exception], what: str) -> None:
    with pytest.raises(error, match=what):
        started(FakeServer(fixed=fixed), PLAIN)


def test_no_server_names_the_remedy() -> None:
    async def run() -> None:
        judge = SglangJudge(replace(PLAIN, base_url="http://127.0.0.1:9"))
        try:
            await judge.start()
        finally:
            await judge.close()

    with pytest.raises(JudgeUnreachableError, match=r"start one with: python -m sglang\.launch_server"):
        asyncio.run(run())


def test_a_server_without_a_listing_leaves_the_context_unknown() -> None:
    judge = started(FakeServer(fixed={"/v1/models": Scripted(status=404)}, context=9), PLAIN)
    assert judge.plan(PAIR, ONE).worst_prompt > 2 * 9


@pytest.mark.parametrize(
    ("model", "profile", "thinking"),
    [
        ("Reward-Reasoning/RRM-7B", "rrm-7b", 8192),
        ("me/RM-R1-Qwen2.5-Instruct-14B-AWQ", "rm-r1-qwen2.5-instruct-14b", 0),
        ("Qwen/Qwen2.5-7B-Instruct", "generic-chat", 0),
    ],
)
def test_the_served_model_picks_profile_and_words(model: str, profile: str, thinking: int) -> None:
    judge = started(FakeServer(model=model), PLAIN)
    named = started(FakeServer(model=model), replace(PLAIN, profile=profile))
    assert profile in judge.identity.label
    assert judge.identity.settings["thinking"] == thinking
    assert judge.identity.digest() == named.identity.digest()


def test_a_setting_goes_before_the_profile() -> None:
    chosen = replace(PLAIN, thinking=7, temperature=0.0, top_p=0.5, max_tokens=9, wrapping="plain")
    settings = started(FakeServer(model="RRM-7B"), chosen).identity.settings
    names = ("thinking", "temperature", "top_p", "max_tokens", "wrapping")
    assert [settings[name] for name in names] == [7, 0.0, 0.5, 9, "plain"]


def test_a_profile_that_was_named_is_kept_whatever_is_served() -> None:
    judge = started(FakeServer(model="RRM-7B"), replace(PLAIN, profile="rm-r1-qwen2.5-instruct-7b"))
    assert "rm-r1-qwen2.5-instruct-7b" in judge.identity.label


def test_it_is_made_from_text_options() -> None:
    judge: Judge = registry.judge("sglang", {"temperature": "0.5", "batch_size": "8", "model": "m"})
    assert isinstance(judge, SglangJudge)
    assert judge.batch_size == 8
    assert judge.identity.settings["temperature"] == 0.5
    assert judge.identity.settings["top_p"] == 0.95


@pytest.mark.parametrize(
    "options",
    [
        {"temperature": "-1"},
        {"top_p": "0"},
        {"max_tokens": "0"},
        {"batch_size": "0"},
        {"attempts": "0"},
        {"timeout_s": "0"},
        {"wrapping": "deepseek-r1", "thinking": "0"},
        {"thinking": "-1"},
        {"wording": "theirs"},
        {"base_url": "localhost:30000"},
    ],
)
def test_settings_that_no_server_takes_are_refused(options: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        registry.judge("sglang", options)


def test_an_unknown_profile_or_wrapping_is_named() -> None:
    with pytest.raises(UnknownNameError, match="generic-chat"):
        registry.judge("sglang", {"profile": "generic-chta"})
    with pytest.raises(UnknownNameError, match="llama3"):
        registry.judge("sglang", {"wrapping": "llama"})


def test_looking_at_the_settings_loads_no_http_library() -> None:
    code = (
        "import sys; from tournament import registry; "
        "[registry.settings_type(registry.find('judge', name)) for name in ('sglang', 'openai')]; "
        "assert 'aiohttp' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])

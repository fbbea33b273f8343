"""The harness itself: the real SGLang starts on this machine and answers on the routes the client uses."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from .server import CONTEXT_LENGTH, MODEL_NAME, Server

_PROMPT = "The capital of France is"
_GREEDY = {"temperature": 0, "max_new_tokens": 8}


def call(server: Server, path: str, body: object = None) -> Any:
    """Returns the JSON that `path` answers with, to a GET or, with a body, to a POST.

    Raises:
        urllib.error.HTTPError: The status is not 200.
    """
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(server.base_url + path, data, {"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=120) as response:
        return json.load(response)


def sample(server: Server, seed: int) -> str:
    """Returns a continuation of 16 tokens at temperature 1."""
    parameters = {"temperature": 1.0, "max_new_tokens": 16, "sampling_seed": seed}
    text = call(server, "/generate", {"text": _PROMPT, "sampling_params": parameters})["text"]
    assert isinstance(text, str)
    return text


def test_generate_answers_with_text_and_usage(sglang_server: Server) -> None:
    answer = call(sglang_server, "/generate", {"text": _PROMPT, "sampling_params": _GREEDY})
    assert answer["text"].startswith(" Paris")
    meta = answer["meta_info"]
    assert meta["finish_reason"] == {"type": "length", "length": 8}
    assert (meta["prompt_tokens"], meta["completion_tokens"]) == (5, 8)
    assert 0 <= meta["cached_tokens"] < 5


def test_generate_answers_a_list_in_its_order(sglang_server: Server) -> None:
    texts = ["1 2 3 4", _PROMPT]
    answers = call(sglang_server, "/generate", {"text": texts, "sampling_params": _GREEDY})
    assert [answer["text"][:2] for answer in answers] == [" 5", " P"]


def test_a_stop_string_is_reported_and_cut_off(sglang_server: Server) -> None:
    parameters = {**_GREEDY, "stop": ["Paris"]}
    answer = call(sglang_server, "/generate", {"text": _PROMPT, "sampling_params": parameters})
    assert answer["meta_info"]["finish_reason"] == {"type": "stop", "matched": "Paris"}
    assert "Paris" not in answer["text"]


def test_greedy_generation_repeats_itself(sglang_server: Server) -> None:
    body = {"text": _PROMPT, "sampling_params": _GREEDY}
    first, second = (call(sglang_server, "/generate", body)["text"] for _ in range(2))
    assert first == second


def test_a_seed_decides_what_is_sampled(sglang_server: Server) -> None:
    sample(sglang_server, 0)  # fills the prefix cache, so that the calls below compute alike
    assert sample(sglang_server, 1) == sample(sglang_server, 1)
    assert len({sample(sglang_server, seed) for seed in range(4)}) > 1


def test_a_repeated_prompt_comes_from_the_cache(sglang_server: Server) -> None:
    body = {"text": "A prompt that no other test sends. " * 4, "sampling_params": _GREEDY}
    cold, warm = (call(sglang_server, "/generate", body)["meta_info"] for _ in range(2))
    assert cold["cached_tokens"] < warm["cached_tokens"] == warm["prompt_tokens"] - 1


def test_models_names_the_model(sglang_server: Server) -> None:
    (model,) = call(sglang_server, "/v1/models")["data"]
    assert (model["id"], model["max_model_len"]) == (MODEL_NAME, CONTEXT_LENGTH)


def test_chat_completions_answers(sglang_server: Server) -> None:
    messages = [{"role": "user", "content": "Say hello."}]
    body = {"model": MODEL_NAME, "messages": messages, "temperature": 0, "max_tokens": 8}
    answer = call(sglang_server, "/v1/chat/completions", body)
    (choice,) = answer["choices"]
    assert choice["message"]["content"]
    assert choice["finish_reason"] in {"stop", "length"}
    assert 0 < answer["usage"]["completion_tokens"] <= 8


def test_a_prompt_beyond_the_context_is_refused(sglang_server: Server) -> None:
    body = {"text": "word " * (CONTEXT_LENGTH + 1), "sampling_params": _GREEDY}
    with pytest.raises(urllib.error.HTTPError) as caught:
        call(sglang_server, "/generate", body)
    assert caught.value.code == 400
    assert "context length" in json.load(caught.value)["error"]["message"]

"""The whole prompts of the shipped profiles, pinned byte for byte: a change here makes old judgments another judge's.

To write them anew: python -m tests.judges.test_golden_prompts --write
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import pytest

from tests.judges.serving import PAIR
from tournament.judges.profile import load_profile
from tournament.judges.sglang import SglangJudge, SglangSettings
from tournament.judges.wording import load_wording
from tournament.judges.wrapping import SERVER
from tournament.locate import config_file, config_names
from tournament.types import Comparison

FILE = Path(__file__).parents[1] / "golden" / "prompts.json"
ORDERS = {"first": Comparison(0, 1), "second": Comparison(1, 0)}
PROFILES = config_names("judges")


def rendered(profile: str, order: str) -> str:
    """The prompt of `What is 1 + 1?` with `Two.` shown in that place; a chat format of the server's own as ChatML."""
    wrapping = "chatml" if load_profile(profile).wrapping == SERVER else ""
    # The user's own copy of an official wording would make it another prompt; one that ships is all that there is.
    wording = "auto" if "deepseek" in profile else "tourney's"
    judge = SglangJudge(SglangSettings(profile=profile, wording=wording, wrapping=wrapping))
    return judge.render(PAIR, ORDERS[order])


def pinned(profile: str) -> dict[str, dict[str, object]]:
    """Length and sha256 of a profile's prompts."""
    texts = {order: rendered(profile, order) for order in ORDERS}
    return {
        order: {"characters": len(text), "sha256": hashlib.sha256(text.encode()).hexdigest()}
        for order, text in texts.items()
    }


@pytest.mark.parametrize("profile", PROFILES)
def test_a_prompt_is_what_it_was(profile: str) -> None:
    assert pinned(profile) == json.loads(FILE.read_text(encoding="utf-8"))[profile]


def test_every_profile_is_pinned() -> None:
    assert sorted(json.loads(FILE.read_text(encoding="utf-8"))) == PROFILES


@pytest.mark.parametrize("profile", [name for name in PROFILES if name.startswith("rm-r1")])
@pytest.mark.parametrize(("order", "texts"), [("first", PAIR.texts), ("second", PAIR.texts[::-1])])
def test_the_prompts_of_rm_r1_hold_the_template_byte_for_byte(profile: str, order: str, texts: list[str]) -> None:
    own = load_profile(profile).prompt
    official = own == "rm-r1-reasoning"
    template = config_file("prompts", own, f"{own}.txt") if official else load_wording(own).user
    for slot, text in zip(("question", "answer_a", "answer_b"), ("What is 1 + 1?", *texts), strict=True):
        assert template.count(f"{{{slot}}}") == 1
        template = template.replace(f"{{{slot}}}", text)
    head = "<\uff5cUser\uff5c>" if official else "<|im_start|>user\n"
    tail = "<\uff5cAssistant\uff5c><think>\n" if official else "<|im_end|>\n<|im_start|>assistant\n"
    assert rendered(profile, order).endswith(head + template + tail)
    assert rendered(profile, order).startswith(head) is official


def test_the_orders_differ_in_nothing_but_the_places() -> None:
    for profile in PROFILES:
        first, second = rendered(profile, "first"), rendered(profile, "second")
        swapped = first.replace("Two.", "@").replace("Three.", "Two.").replace("@", "Three.")
        assert second == swapped != first


if __name__ == "__main__" and "--write" in sys.argv:
    rows = [f"{json.dumps(profile)}: {json.dumps(pinned(profile))}" for profile in PROFILES]
    FILE.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")

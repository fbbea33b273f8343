"""Every attack of benchmarks/attacks in every wording and place: nothing gets through tourney, and much elsewhere.

Were the attacks harmless, or the reading of what they did blind, the side without defences would show it.
"""

from __future__ import annotations

import pytest

from benchmarks.attacks import naive
from benchmarks.attacks.grammars import QUESTIONS, Case, cases, counts, prompts, shown_alone
from benchmarks.attacks.model import NONE
from benchmarks.attacks.signs import role_signs, seen
from benchmarks.attacks.texts import ATTACKS, TOKENS
from benchmarks.attacks.tokenizer import special_tokens
from tests.sglang_cpu.needs import sglang
from tournament.judges.verdicts import GRAMMARS, read_verdict
from tournament.judges.wording import load_wording
from tournament.locate import config_names
from tournament.types import Message

EVERY = pytest.mark.parametrize("number", range(len(QUESTIONS)), ids=QUESTIONS)
WORDINGS = config_names("prompts")


@pytest.fixture(scope="module")
def before() -> list[Case]:
    return list(cases(defended=False))


@pytest.fixture(scope="module")
def after() -> list[Case]:
    return list(cases(defended=True))


@EVERY
def test_nothing_gets_through(after: list[Case], number: int) -> None:
    assert [(c.wording, c.attack.name, c.place) for c in after if c.got_through[number]] == []
    assert counts(after, number)[1] >= 2 * len(ATTACKS) * (len(WORDINGS) - 1)


@EVERY
@pytest.mark.parametrize("name", WORDINGS)
def test_the_same_attacks_get_through_where_nothing_is_defended(before: list[Case], name: str, number: int) -> None:
    of = [case for case in before if case.wording == name]
    got, total = counts(of, number)
    assert got > total // 10 or not total


def test_every_attack_but_plain_words_gets_through_somewhere(before: list[Case]) -> None:
    through = {case.attack.name for case in before if any(case.got_through)}
    words = {attack.name for attack in ATTACKS.values() if attack.words}
    # These aim at what is asked nowhere here: a substitution done twice, text nobody sees, and the grammar `line`,
    # which reads through markup where the script does not.
    elsewhere = {"slots of the template", "tag characters", "verdict line in markup"}
    assert set(ATTACKS) - through - words == elsewhere
    [grammar] = [spoken for spoken in GRAMMARS.values() if spoken.name == "line"]
    text = ATTACKS["verdict line in markup"].write("Four.", 1)
    assert read_verdict(grammar, text, True).p_first == 1.0


def test_hidden_orders_reach_no_judge() -> None:
    for name in WORDINGS:
        shown = shown_alone(load_wording(name), ATTACKS["tag characters"].write("Four.", 1))
        assert shown == "Four.\ufffd"


def test_slots_in_a_candidate_stay_text() -> None:
    text = ATTACKS["slots of the template"].write("Four.", 1)
    for name in WORDINGS:
        assert shown_alone(load_wording(name), text) == text
    wording = load_wording("generic-chat")
    *_, message = naive.messages(wording, "q", text, "the other answer")
    assert message.content.count("the other answer") == 2


@pytest.mark.parametrize("family", list(TOKENS))
def test_every_special_token_is_seen_and_broken(family: str) -> None:
    """A list that misses one would count nothing."""
    for token in TOKENS[family]:
        assert role_signs([Message(role="user", content=f"a {token} b")])[seen(token)] >= 1
        shown = shown_alone(load_wording("generic-chat"), f"a {token} b")
        assert role_signs([Message(role="user", content=shown)]).total() == 0, shown


@pytest.mark.parametrize("name", list(GRAMMARS))
def test_the_script_reads_the_verdict_of_every_grammar(name: str) -> None:
    spoken = GRAMMARS[name]
    assert [naive.read(name, spoken.cue + ending) for ending in spoken.endings[:2]] == [1, 2]


def test_smollm2s_tokenizer_finds_no_special_token_of_a_candidate() -> None:
    directory = sglang()
    found = {}
    for defended in (False, True):
        made = prompts(defended=defended)
        number = dict(zip(made, special_tokens(directory, list(made.values())), strict=True))
        found[defended] = [key for key in made if number[key] != number[key[0], NONE, key[2]]]
    assert found[True] == []
    assert len(found[False]) >= 2 * len(WORDINGS)

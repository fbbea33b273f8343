"""Judge profiles: those that ship, those of the user, and which one a served model gets."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tournament.errors import InputError, UnknownNameError, UsageError
from tournament.judges import official, profile
from tournament.judges.official import Claim
from tournament.judges.profile import choose_wording, load_profile, profile_for
from tournament.judges.wording import Wording, load_wording
from tournament.judges.wrapping import OPENS_THINKING, SERVER, WRAPPINGS
from tournament.locate import config_names

SHIPPED = config_names("judges")
OWN = """
summary = "My judge"
prompt = "rrm"
wrapping = "chatml"
thinking = 100
max_tokens = 50
temperature = 1
top_p = 0.9
matches = ["mine"]
"""


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOURNEY_CONFIG", str(tmp_path / "config"))


def own(tmp_path: Path, text: str) -> str:
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_profile_is_sound(name: str) -> None:
    shipped = load_profile(name)
    assert shipped.name == name
    assert shipped.summary
    assert load_wording(shipped.prompt).name == shipped.prompt
    assert shipped.wrapping in [*WRAPPINGS, SERVER]
    assert (shipped.wrapping in OPENS_THINKING) == (shipped.thinking > 0)
    assert shipped.max_tokens > 0
    assert shipped.temperature >= 0
    assert 0 < shipped.top_p <= 1
    if shipped.context_length is not None:
        assert shipped.thinking + shipped.max_tokens < shipped.context_length


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_profile_is_picked_by_its_own_models_name(name: str) -> None:
    shipped = load_profile(name)
    assert profile_for([shipped.model or "any/other-model"]).name == name


@pytest.mark.parametrize(
    ("served", "name"),
    [
        ("Reward-Reasoning/RRM-7B", "rrm-7b"),
        ("Reward-Reasoning/RRM-32B", "rrm-32b"),
        ("RRM-7B-AWQ", "rrm-7b"),
        ("me/rrm_32b_gptq_int4", "rrm-32b"),
        ("/models/RRM-7B/", "rrm-7b"),
        ("/home/me/.cache/hub/models--Reward-Reasoning--RRM-7B", "rrm-7b"),
        ("/models/rrm-32b.Q4_K_M.gguf", "rrm-32b"),
        ("gaotang/RM-R1-Qwen2.5-Instruct-7B", "rm-r1-qwen2.5-instruct-7b"),
        ("RM-R1-Qwen2.5-Instruct-14B-FP8", "rm-r1-qwen2.5-instruct-14b"),
        ("gaotang/RM-R1-DeepSeek-Distilled-Qwen-32B", "rm-r1-deepseek-distilled-qwen-32b"),
        ("Qwen/Qwen2.5-7B-Instruct", "generic-chat"),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "generic-chat"),
        ("RRM-7B/base-model", "generic-chat"),
        ("/hub/models--Reward-Reasoning--RRM-7B/snapshots/0a1b2c3d4e5f", "rrm-7b"),
        ("", "generic-chat"),
        ("/", "generic-chat"),
    ],
)
def test_the_served_name_picks_the_profile(served: str, name: str) -> None:
    assert profile_for([served]).name == name


def test_any_of_the_served_names_picks_it() -> None:
    assert profile_for(["/models/snapshot-1f3a", "judge", "RRM-7B"]).name == "rrm-7b"
    assert profile_for([]).name == "generic-chat"


def test_the_longest_match_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    base = load_profile("rrm-7b")
    known = {
        "a": replace(base, name="a", matches=("rrm",)),
        "b": replace(base, name="b", matches=("rrm-7b-tuned",)),
        "c": replace(base, name="c", matches=("rrm-7b",)),
    }
    monkeypatch.setattr(profile, "config_names", lambda kind: list(known))
    monkeypatch.setattr(profile, "load_profile", known.__getitem__)
    assert profile_for(["x/RRM-7B-tuned-AWQ"]).name == "b"
    assert profile_for(["x/RRM-7B"]).name == "c"
    assert profile_for(["x/RRM-1B"]).name == "a"


def test_a_file_of_the_users_is_read(tmp_path: Path) -> None:
    mine = load_profile(own(tmp_path, OWN))
    assert (mine.name, mine.thinking, mine.temperature, mine.matches) == ("own", 100, 1.0, ("mine",))
    assert load_wording(mine.prompt).name == "rrm"


@pytest.mark.parametrize("folder", [".", "prompts"])
def test_a_prompt_file_beside_it_is_found_from_everywhere(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "profile" / folder).mkdir(parents=True)
    words = 'summary = "S"\nverdict = "line"\nslots = ["q", "a", "b"]\nuser = "{q}{a}{b}"\nrethink = "Again."\n'
    (tmp_path / "profile" / folder / "words.toml").write_text(words, encoding="utf-8")
    text = OWN.replace('"rrm"', f'"{folder}/words.toml"')
    monkeypatch.chdir(tmp_path)
    for path in (own(tmp_path / "profile", text), "profile/own.toml"):
        assert choose_wording(load_profile(path), "auto").user == "{q}{a}{b}"


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('summary = "My judge"\n', "", "summary is missing"),
        ('prompt = "rrm"\n', "", "prompt is missing"),
        ("top_p = 0.9\n", "", "top_p is missing"),
        ("thinking = 100", 'thinking = "100"', "thinking='100' is of the wrong kind"),
        ("thinking = 100", "thinking = 1.5", "thinking=1.5 is of the wrong kind"),
        ("thinking = 100", "thinking = true", "thinking=True is of the wrong kind"),
        ("temperature = 1", "temperature = false", "temperature=False is of the wrong kind"),
        ('"rrm"', "3", "prompt=3 is of the wrong kind"),
        ('["mine"]', '"mine"', "matches must be a list"),
        ('["mine"]', "[3]", "matches must be a list"),
        ('["mine"]', '[""]', "matches must be a list"),
        ("top_p = 0.9", "top_p = 0.9\ncontext_length = 'long'", "context_length='long' is of the wrong kind"),
        ("=", "", "own.toml: "),
    ],
)
def test_a_broken_profile_names_file_and_field(tmp_path: Path, old: str, new: str, what: str) -> None:
    assert old in OWN
    path = own(tmp_path, OWN.replace(old, new))
    with pytest.raises(UsageError) as caught:
        load_profile(path)
    assert what in str(caught.value)
    assert path in str(caught.value)


@pytest.mark.parametrize("field", ["thinkng = 3", "name = 'x'", "[sampling]"])
def test_an_unknown_field_is_named(tmp_path: Path, field: str) -> None:
    path = own(tmp_path, f"{OWN}{field}\n")
    with pytest.raises(UnknownNameError) as caught:
        load_profile(path)
    assert path in str(caught.value)
    assert field.partition(" ")[0].strip("[]") in str(caught.value)


def test_a_profile_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean rrm-7b"):
        load_profile("rrm-7")
    with pytest.raises(InputError, match=r"gone\.toml: cannot be read"):
        load_profile(str(tmp_path / "gone.toml"))
    mine = load_profile(own(tmp_path, OWN.replace('"rrm"', '"words.toml"')))
    with pytest.raises(InputError, match=r"words\.toml: cannot be read"):
        choose_wording(mine, "auto")


class TestOfficialWords:
    """Wordings with made-up claims, beside a model folder that may hold the words."""

    USER = "Which pear?\n{question}\n{answer1}\n{answer2}"

    @pytest.fixture(autouse=True)
    def _claims(self, monkeypatch: pytest.MonkeyPatch) -> None:
        claim = Claim(characters=len(self.USER), sha256=hashlib.sha256(self.USER.encode()).hexdigest())
        made_up: Mapping[str, tuple[Claim, ...]] = {"user": (claim,)}

        def load(name: str) -> Wording:
            return replace(load_wording(name), official=made_up if name == "rrm" else {})

        monkeypatch.setattr(profile, "load_wording", load)

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        folder = tmp_path / "model"
        folder.mkdir()
        (folder / "README.md").write_text(f"```python\nPROMPT = {self.USER!r}\n```\n", encoding="utf-8")
        return folder

    def test_the_models_own_folder_is_looked_at(self, folder: Path) -> None:
        for wanted in ("auto", "official"):
            wording = choose_wording(load_profile("rrm-7b"), wanted, str(folder))
            assert (wording.source, wording.system, wording.user) == ("official", "", self.USER)

    def test_ours_are_taken_where_they_are_wanted(self, folder: Path) -> None:
        wording = choose_wording(load_profile("rrm-7b"), "tourney's", str(folder))
        assert (wording.source, wording.user) == ("tourney's", load_wording("rrm").user)

    def test_kept_words_need_no_folder(self) -> None:
        official.keep("rrm", {"user": self.USER})
        assert choose_wording(load_profile("rrm-7b"), "auto").user == self.USER
        official.keep("rrm", {"user": self.USER + "!"})
        assert choose_wording(load_profile("rrm-7b"), "auto").source == "tourney's"

    def test_without_the_words_auto_takes_ours_and_official_says_what_to_do(self, tmp_path: Path, folder: Path) -> None:
        (folder / "README.md").write_text("# A model", encoding="utf-8")
        empty = tmp_path / "empty"
        empty.mkdir()
        for path in ("", str(folder), str(empty), "/no/such/folder", "Reward-Reasoning/RRM-7B"):
            assert choose_wording(load_profile("rrm-7b"), "auto", path).source == "tourney's"
            with pytest.raises(UsageError, match="tourney judge import-prompt rrm-7b"):
                choose_wording(load_profile("rrm-7b"), "official", path)

    def test_a_folder_that_is_named_relative_is_not_looked_at(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A served name such as `org/model` is no path of this machine."""
        monkeypatch.chdir(folder.parent)
        assert choose_wording(load_profile("rrm-7b"), "auto", folder.name).source == "tourney's"

    def test_a_template_that_ships_is_official_already(self) -> None:
        shipped = load_profile("rm-r1-deepseek-distilled-qwen-7b")
        assert {choose_wording(shipped, wanted).source for wanted in ("auto", "official")} == {"official"}
        with pytest.raises(UsageError, match="has the official wording only"):
            choose_wording(shipped, "tourney's")

    def test_a_wording_without_claims_has_no_official_words(self, folder: Path) -> None:
        with pytest.raises(UsageError, match="generic-chat has no official wording"):
            choose_wording(load_profile("generic-chat"), "official", str(folder))
        assert choose_wording(load_profile("generic-chat"), "auto", str(folder)).source == "tourney's"

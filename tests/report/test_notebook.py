"""Results as a notebook shows them: what there is to know, and nothing that a candidate could do with it."""

from __future__ import annotations

import io
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tests.core.helpers import StubJudge, problem
from tournament import Budget, Candidate, Limits, Prices, Problem, Result, rank
from tournament.judges.calling import CallableJudge
from tournament.report import live
from tournament.result import Results

PLAIN = {"div", "p", "b", "br", "small", "table", "thead", "tbody", "tr", "th", "td"}


class Parsed(HTMLParser):
    """The elements, attributes and words of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.classes = ""
        self.cells: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.classes = self.classes or dict(attrs).get("class") or ""
        if tag == "td":
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self.cells:
            self.cells[-1] += data


def ranked(*ids: str, note: bool = False) -> Results:
    candidates = tuple(Candidate(id=name, text="x" * number) for number, name in enumerate(ids, 1))
    judge = CallableJudge.of(lambda prompt, first, second: float(len(first) > len(second)))
    budget = Budget(problem=Limits(comparisons=1)) if note else None
    return rank(
        [Problem(id="<p1>", prompt="q", candidates=candidates)], judge=judge, budget=budget, strategy="knockout"
    )


def test_a_result_shows_its_ranking_with_intervals_and_spend() -> None:
    [result] = rank(
        [problem(1)], judge=StubJudge(tokens=10), strategy="round-robin", budget=Budget(prices=Prices(prompt=1000))
    )
    html = result._repr_html_()
    cells = Parsed(html).cells
    assert cells[0] == "1"
    for standing in result.ranking:
        at = cells.index(standing.id)
        assert standing.low is not None
        assert standing.high is not None
        assert standing.p_best is not None
        assert cells[at + 2] == f"{standing.low:+.2f} to {standing.high:+.2f}"
        assert cells[at + 3] == f"{100 * standing.p_best:.0f} %"
        assert cells[at + 4 : at + 6] == [str(standing.wins), str(standing.losses)]
    assert "10 comparisons, 200 tokens, 0.1000 money" in html


def test_results_show_one_row_a_problem_and_the_sum() -> None:
    results = rank([problem(i) for i in range(23)], judge=StubJudge(), strategy="knockout")
    html = results._repr_html_()
    cells = Parsed(html).cells
    assert cells[::6] == [f"p{i}" for i in range(20)]
    assert cells[1::6] == ["c4"] * 20
    assert "and 3 more problems" in html
    assert "23 problems, 92 comparisons" in html
    assert isinstance(results, list)
    assert results == list(results)
    assert "0 problems, 0 comparisons" in Results()._repr_html_()


def test_what_has_to_be_known_beside_the_numbers_is_said() -> None:
    [result] = ranked("a", "b", "c", note=True)
    assert result.partial
    assert result.note in result._repr_html_()
    assert "partial" in result._repr_html_()


def test_a_long_ranking_is_cut() -> None:
    [result] = ranked(*map(str, range(60)))
    assert "and 10 more in .ranking" in result._repr_html_()
    assert len(Parsed(result._repr_html_()).cells) == 50 * 8


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</td></table><iframe src=//x>",
    r"$\href{javascript:alert(1)}{x}$",
    "\u202egnirts",
    "<style>*{display:none}</style>",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_cannot_do_anything(name: str) -> None:
    only_text(ranked(name, "b"), name)


@given(name=st.text(min_size=1, max_size=30))
def test_nor_can_any_other_text(name: str) -> None:
    only_text(ranked(name, name + "2"), name)


def only_text(results: Results, name: str) -> None:
    for shown in (results, results[0]):
        parsed = Parsed(shown._repr_html_())
        assert parsed.elements <= PLAIN
        assert parsed.attributes <= {"class", "scope"}
        # Else a notebook makes a formula, and so perhaps a link, of what stands between dollar signs.
        assert {"tex2jax_ignore", "mathjax_ignore"} <= set(parsed.classes.split())
        if name.isprintable():
            assert any(name in cell for cell in parsed.cells) or isinstance(shown, Results)


def test_a_result_remains_a_record() -> None:
    [result] = ranked("a", "b")
    assert isinstance(result, Result)
    assert "_repr_html_" not in result.to_json()


@pytest.mark.parametrize("notebook", [False, True])
def test_the_live_line_is_drawn_on_a_terminal_and_in_a_notebook(
    notebook: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=not notebook, force_jupyter=notebook)
    displayed: list[object] = []
    monkeypatch.setattr("rich.jupyter.display", lambda segments, text: displayed.append(text))
    monkeypatch.setattr("rich.live.Live.refresh", lambda live: shown.write(str(live.get_renderable())))
    monkeypatch.setattr(live, "Console", lambda **_: console)
    rank([problem(1)], judge=StubJudge(), progress=True)
    assert shown.getvalue()


def test_and_nowhere_else(capsys: pytest.CaptureFixture[str]) -> None:
    rank([problem(1)], judge=StubJudge(), progress=True)
    assert capsys.readouterr() == ("", "")

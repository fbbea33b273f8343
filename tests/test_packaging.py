"""The wheel installs one import name, and holds every module and every configuration."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = {"tournament": "tournament", "strategies": "tournament/strategies", "configs": "tournament/configs"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    return next(out.glob("*.whl"))


def test_one_top_level_name_and_every_file(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    expected = {
        f"{target}/{path.relative_to(ROOT / folder)}"
        for folder, target in FOLDERS.items()
        for pattern in ("*.py", "*.toml", "*.txt", "*.css", "*.js", "py.typed")
        for path in (ROOT / folder).rglob(pattern)
    }
    assert names == expected
    assert {name.split("/")[0] for name in names} == {"tournament"}


def test_the_wheel_finds_its_own_strategies_and_configurations(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r});"
        "import tournament; from tournament import locate, registry;"
        "names = [registry.find('pairing strategy', n).__module__ for n in registry.PAIRING];"
        "names += [registry.find('match strategy', n).__module__ for n in registry.MATCH];"
        "names += [registry.find('judge', n).__module__ for n in registry.JUDGES];"
        "assert all(n.startswith('tournament.') for n in names), names;"
        "assert all(sys.modules[n].__file__.startswith(sys.path[0]) for n in names);"
        "assert 'careful' in locate.config_names('presets') and locate.config_text('judges', 'generic-chat');"
        "print(tournament.select('q', ['a', 'b'], judge='synthetic').best)"
    )
    shown = subprocess.run(
        [sys.executable, "-I", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.strip() in ("0", "1")


def test_a_bare_checkout_works_without_being_installed(tmp_path: Path) -> None:
    """Only the dependencies are there; `tournament` comes from the folder."""
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=False, symlinks=True)
    site = next((environment / "lib").iterdir()) / "site-packages"
    (site / "dependencies.pth").write_text("\n".join(p for p in sys.path if p.endswith("site-packages")) + "\n")
    script = (
        "import tournament, tournament.strategies.knockout as k, sys;"
        "print(k.__file__, 'strategies' in sys.modules, tournament.select('q', ['a', 'b'], judge='synthetic').best)"
    )
    shown = subprocess.run(
        [str(environment / "bin/python"), "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.split()[:2] == [str(ROOT / "strategies/knockout.py"), "False"]


def test_the_public_names_are_what_they_are() -> None:
    import tournament

    assert tournament.__all__ == [
        "Budget", "Candidate", "Limits", "Message", "Prices", "Problem", "Result", "Results", "Simulation", "Standing",
        "arank", "aselect", "rank", "select", "simulate",
    ]  # fmt: skip
    assert all(getattr(tournament, name) is not None for name in tournament.__all__)
    with pytest.raises(AttributeError, match="no attribute 'ranks'"):
        tournament.ranks  # noqa: B018

"""What the package exports, and what it costs to import."""

import subprocess
import sys

import tournament.ratings


def test_exports_what_it_names() -> None:
    assert all(hasattr(tournament.ratings, name) for name in tournament.ratings.__all__)
    assert len(set(tournament.ratings.__all__)) == len(tournament.ratings.__all__)


def test_import_leaves_scipy_alone() -> None:
    code = "import sys, tournament.ratings; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

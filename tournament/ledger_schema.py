"""The table of the ledger, the statements that write and read it, and how an older one is brought up to date."""

from __future__ import annotations

import sqlite3

VERSION = 2
# Written and read in the order of Judgment's fields, then what was compared.
JUDGED = (
    "outcome, p_first, text, detail, prompt_tokens, completion_tokens, cached_tokens, seconds,"
    " thinking_tokens, cut, label_mass, p_cheap"
)
COLUMNS = f"key, {JUDGED}, problem, first, second, repeat, thinking_limit"
SCHEMA = """
CREATE TABLE IF NOT EXISTS judgments (
  key BLOB PRIMARY KEY, outcome TEXT NOT NULL, p_first REAL, text TEXT NOT NULL, detail TEXT NOT NULL,
  prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL, cached_tokens INTEGER NOT NULL,
  seconds REAL NOT NULL, problem TEXT NOT NULL, first TEXT NOT NULL, second TEXT NOT NULL,
  repeat INTEGER NOT NULL, thinking_limit INTEGER,
  thinking_tokens INTEGER NOT NULL DEFAULT 0, cut INTEGER NOT NULL DEFAULT 0, label_mass REAL, p_cheap REAL
) WITHOUT ROWID
"""
FROM_VERSION_1 = (
    "thinking_tokens INTEGER NOT NULL DEFAULT 0",
    "cut INTEGER NOT NULL DEFAULT 0",
    "label_mass REAL",
    "p_cheap REAL",
)
# A comparison that failed cost nothing, so a later try may take its place; so may one that a server refused unread,
# such as a pair that was too long for its context. Whatever was paid for stays.
_PAID = "outcome != 'failed' AND (outcome != 'refused' OR prompt_tokens > 0)"
INSERT = f"""
INSERT INTO judgments ({COLUMNS}) VALUES ({",".join("?" * len(COLUMNS.split(",")))})
ON CONFLICT (key) DO UPDATE SET {",".join(f"{name}=excluded.{name}" for name in JUDGED.replace(" ", "").split(","))}
WHERE judgments.outcome = 'failed' OR (judgments.outcome = 'refused' AND judgments.prompt_tokens = 0)
"""  # noqa: S608
SELECT = f"SELECT key, {JUDGED} FROM judgments WHERE {_PAID} AND key IN"  # noqa: S608


def bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Add what version 1 did not keep; a program that was ended in between may have added some of it."""
    present = {row[1] for row in connection.execute("PRAGMA table_info(judgments)")}
    for column in FROM_VERSION_1:
        if column.split()[0] not in present:
            connection.execute(f"ALTER TABLE judgments ADD COLUMN {column}")

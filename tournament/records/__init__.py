"""Files in and out: problems in any of their dialects, and lines that are written whole or not at all."""

from tournament.records.dialects import DIALECTS, Dialect
from tournament.records.lines import read_lines, spool
from tournament.records.read import Scan, read_problems, scan
from tournament.records.write import AtomicWriter, dumps

__all__ = [
    "DIALECTS",
    "AtomicWriter",
    "Dialect",
    "Scan",
    "dumps",
    "read_lines",
    "read_problems",
    "scan",
    "spool",
]

"""Ratings: pure kernels on arrays, from preferences to strengths, intervals and orders.

A rating is a strength on the natural log-odds scale with a standard error. Nothing here does I/O, draws
random numbers or keeps state between calls.
"""

from tournament.ratings.bradley_terry import PRIOR_SD, BradleyTerryFit, fit
from tournament.ratings.elo import elo, to_log_odds
from tournament.ratings.evidence import Evidence
from tournament.ratings.intervals import Interval, normal, wilson
from tournament.ratings.judge_model import learn
from tournament.ratings.judged import JudgedFit, JudgeModel, fit_judged
from tournament.ratings.ordering import Ordering, TieBreak, order
from tournament.ratings.p_best import p_best
from tournament.ratings.tally import wins_matrix

__all__ = [
    "PRIOR_SD",
    "BradleyTerryFit",
    "Evidence",
    "Interval",
    "JudgeModel",
    "JudgedFit",
    "Ordering",
    "TieBreak",
    "elo",
    "fit",
    "fit_judged",
    "learn",
    "normal",
    "order",
    "p_best",
    "to_log_odds",
    "wilson",
    "wins_matrix",
]

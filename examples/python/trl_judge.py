"""A pairwise judge for TRL: OnlineDPOTrainer(judge=judge, ...), WinRateCallback(judge=judge, ...)."""

from tournament.adapters.trl import PairwiseJudge

prompts = ["What is 6 x 7?", "What is 9 + 8?", "What is 2 + 2?"]
completions = [
    ["6 x 7 = 48. A: 48", "6 x 7 = 42. A: 42"],
    ["9 + 8 = 17. A: 17", "9 + 8 = 16. A: 16"],
    ["2 + 2 = 4. A: 4", "2 + 2 = 4. A: 4"],
]
with PairwiseJudge(judge="checks", seed=7) as judge:  # the judge keeps its connections until the block ends
    print(judge.judge(prompts, completions))  # -1: no preference

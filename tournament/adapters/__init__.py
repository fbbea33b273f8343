"""The engine where other libraries expect a function or an object of their own kind; none needs to be installed.

| module | what |
| --- | --- |
| `datasets` | `BestOfN`, for `Dataset.map` of Hugging Face datasets |
| `reward` | `TournamentReward`, a reward function for RL, as TRL's GRPO trainer calls it |
| `trl` | `PairwiseJudge`, as TRL's trainers and callbacks call a pairwise judge |
"""

"""A reward function for TRL's GRPOTrainer(reward_funcs=reward, ...): each prompt's completions play a tournament."""

from tournament import Budget, Limits
from tournament.adapters.reward import TournamentReward

reward = TournamentReward(judge="checks", budget=Budget(problem=Limits(comparisons=8)), seed=7)

prompts = ["What is 6 x 7?"] * 3 + ["What is 9 + 8?"] * 2
completions = ["6 x 7 = 42. A: 42", "6 x 7 = 48. A: 48", "7 x 6 = 42. A: 42", "9 + 8 = 17. A: 17", "9 + 8 = 16. A: 16"]
for completion, rating in zip(completions, reward(prompts, completions), strict=True):
    print(f"{rating:+.2f}", completion)  # log-odds, mean 0 in each group

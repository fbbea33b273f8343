"""Add the best candidate of every row to a Hugging Face dataset, in two processes."""

from datasets import Dataset

from tournament.adapters.datasets import BestOfN

if __name__ == "__main__":
    rows = Dataset.from_dict(
        {
            "prompt": ["What is 6 x 7?", "What is 9 + 8?"],
            "candidates": [["6 x 7 = 48. A: 48", "6 x 7 = 42. A: 42"], ["9 + 8 = 17. A: 17", "9 + 8 = 16. A: 16"]],
        }
    )
    ranked = rows.map(BestOfN(seed=7), batched=True, num_proc=2)
    for row in ranked:
        print(row["best_index"], row["best"], f"{row['p_best']:.2f}")

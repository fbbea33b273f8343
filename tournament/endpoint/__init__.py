"""An OpenAI-compatible endpoint that answers with the best of N: sample, let a judge compare, send the winner."""

"""Pick the best of N responses by letting a judge compare them in pairs."""

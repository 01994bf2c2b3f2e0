"""Dead letters: what lies there, what became of it since, and the way back."""

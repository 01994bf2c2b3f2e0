"""The read side: feeds Redis from the committed topics, and answers from it. Redis is never the truth."""

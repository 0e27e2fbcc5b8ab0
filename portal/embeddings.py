"""Sentence vectors: the local all-MiniLM-L6-v2, or OpenAI's model where one is configured."""

DIMENSIONS = 384

"""The real shop as if it had had the points programme: what no data set has, drawn from a seed over the shop's own orders."""

from samples.made_up.story import Story

__all__ = ["Story"]

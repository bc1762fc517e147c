"""Precog: recorded games and prices, ratings, probabilities and decisions for sports prediction markets."""

__version__ = "0.1.0"

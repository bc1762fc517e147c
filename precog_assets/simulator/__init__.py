"""Venues that speak ESPN's and Kalshi's protocols over one simulated world.

A product of its own: it knows the platform's vocabulary, configuration and seeds, nothing else. Its
truth, its prices and its wire shapes are written here on their own, or tests would confirm themselves.
"""

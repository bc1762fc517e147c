"""The exchange proper: accounts, orders, matching, positions and settlement over the makers' books.

What makers quote and takers print is a pure function of the world and the instant (`prices`, `flow`); this
package lays what accounts do on top of it, and tells listeners of every change in the order it happened.
Units everywhere: prices in 1/10,000 dollars, counts in 1/100 contracts, money in 1/1,000,000 dollars (a price
times a count), times in whole microseconds since 1970 of the world's clock.
"""

"""How games unfold: one module a sport, each a Markov chain whose win probabilities are computed exactly."""

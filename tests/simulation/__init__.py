"""The whole fleet in one process, in simulated time: a seed decides every delay, order, fault and death.

`make simulate` runs seeds; docs/reliability.md describes what is simulated, the invariants and the figures.
"""

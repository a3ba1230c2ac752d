"""A whole running fleet under faults of every kind. Afterwards the books are checked.

python -m tests.chaos.storm --images 2000 --minutes 5 --seed S
"""

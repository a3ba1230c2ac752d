"""A whole fleet at work while everything around it goes wrong; then the books are checked.

python -m tests.chaos.storm --images 2000 --minutes 5 --seed S
"""

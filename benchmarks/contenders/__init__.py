"""The same work by what a user would pick instead: one 320 px WebP, one 2048 px progressive JPEG, one enhanced.

Each contender is `run(source, folder)`, which writes thumb, optimized and enhanced; `engine.py` starts one process
for each.
"""

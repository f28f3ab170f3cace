"""
Run under way: its state, and the rules of its verdicts.
"""

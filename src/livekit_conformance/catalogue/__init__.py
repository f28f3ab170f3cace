"""
Frozen data: requirements, clauses, the chain of links, diagnoses.
"""

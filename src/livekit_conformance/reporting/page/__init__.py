"""
Pages for people: one model of a page, the templates that show it, and the pages made of it.
"""

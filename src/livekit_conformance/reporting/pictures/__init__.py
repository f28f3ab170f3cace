"""
Pictures as inline SVG: text stays text, colours come from the page.
"""

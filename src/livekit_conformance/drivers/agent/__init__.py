"""
Agent stand-in: joins the rooms of calls in place of the application's agent.
"""

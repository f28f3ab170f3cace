"""
The agent stand-in: who joins the room of a call in place of the application's agent.
"""

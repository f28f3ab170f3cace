"""
Start the deployment that a profile names, and stop it again.
"""

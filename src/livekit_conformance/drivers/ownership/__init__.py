"""
Which objects on the deployment are the suite's own.
"""

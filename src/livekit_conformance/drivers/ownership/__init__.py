"""
Ownership of objects on the deployment.
"""

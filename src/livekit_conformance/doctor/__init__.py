"""
Pre-flight check of a deployment: examines the whole chain in seconds and changes nothing.

Probes send requests (`Strand`s of them run at the same time), pure functions judge the answers.
"""

"""
The pre-flight of a deployment: looks along the whole chain in seconds and changes nothing.

Probes ask (`Strand`s of them run at the same time), pure functions judge what was answered.
"""

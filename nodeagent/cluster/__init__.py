"""The only door to the API server: this node's pods in, the node's annotation out.

A module belongs here when it speaks HTTP with the API server. It is small on purpose: the agent
runs on every node and needs one list, one watch, one patch and one read, for which a general
client's models would be a third of its memory.
"""

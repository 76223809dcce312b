"""Looks at the node's cards again and again and keeps what was seen last.

A module belongs here when it decides when to look or who is told of a change. How to look is the
vendor's (`nodeagent.vendors`).
"""

"""What a person may ask for and what the two programs say to each other: data and its grammar.

A module belongs here when both the webhook and the node agent, or a person, must read the same
thing in it. Nothing here opens a file, a socket or a clock.
"""

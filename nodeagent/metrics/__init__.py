"""What Prometheus reads: cards, slices and their use.

A module belongs here when it words numbers for a monitoring system. Where they come from is the
vendors' (cards) and the regions' (slices) matter.
"""

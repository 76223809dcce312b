"""One file per spelling of a request on a pod: Tranche's own keys, and other systems' words.

A module belongs here when it turns annotations and labels into `tranche.words.said.Said`. It looks
at nothing else of the pod, and knows no defaults.
"""

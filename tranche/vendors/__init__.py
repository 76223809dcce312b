"""One file per vendor: the names of its resources in a cluster, what of them it reads and writes.

A module belongs here when it knows a vendor's spelling on the Kubernetes side. What it takes to
find or cut a card on a node is the node agent's.
"""

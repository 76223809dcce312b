"""What passes between the agent and the kubelet, and how to read what the kubelet keeps on disk.

A module belongs here when it knows the kubelet's sockets, messages or files. What a slice is, and
whether a container may have it, is decided in `nodeagent.slices`.
"""

"""A slice from the kubelet's question to the day that its pod is gone.

``start`` proves that a container may have its slice, ``guard`` that the cards can bear it,
``store`` keeps it on disk, ``cdi`` words it for the container engine, ``reclaim`` takes it back. A
module belongs here when it is about what a slice is; how a container is held to its size is
`nodeagent.enforcement`, what the kubelet says is `nodeagent.kubelet`.
"""

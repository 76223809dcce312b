"""The only door to the Kubernetes API.

A module belongs here when it speaks to the API server. It takes and gives raw JSON objects, knows
nothing of slices or cards, and raises `ApiError` alone for whatever the other side or the network
does; callers that promised another error translate it where they are wired together.
"""

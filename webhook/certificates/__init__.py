"""The certificate that the webhook shows, and whom it makes the API server trust.

A module belongs here when it makes, reads, renews or serves that certificate. What is due when is
decided by functions that know no clock but their argument; `own` and `files` carry it out, each a
source of certificates, and `served` is the live TLS context that both load into.
"""

"""Which node and which cards a pod gets, and who holds what: kube-scheduler's extender.

A module belongs here when it decides on cards or remembers who holds them. Objects come in as the
API server sends them; the clock and the one write (the Binding) are handed in; only `routes` knows
HTTP.

- `podview`  the few facts of a pod that matter here
- `stock`    a node's cards and what is left of each
- `claims`   what one pod holds, and on whose word
- `ledger`   every node's stock and every pod's claim on it, fed by watches
- `changes`  which nodes changed since a reader last looked
- `shape`    pods that ask alike, and their asks compiled
- `fit`      whether a card would do for a container, and if not, what is missing first
- `place`    the search for the cards of a pod of several containers
- `lack`     what a node lacks for a pod, or the cards that it gets there
- `verdicts` what is known of each shape at each node, kept up to date by what changed
- `quota`    the law of a namespace
- `choice`   the claim that a pod would have on a node
- `reasons`  why a pod waits, in words that kube-scheduler can count
- `binder`   commits a claim, posts its Binding, settles it
- `extender` filter, prioritize, bind
- `wire`, `routes`, `metrics`  their form in bytes, their paths, their counters
"""

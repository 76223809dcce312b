"""The process on each node: finds cards, cuts slices and holds containers to them."""

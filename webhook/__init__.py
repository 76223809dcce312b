"""The control plane process: reads pods' words at admission and places them as the extender."""

"""One module per means of holding a container to its slice.

A module belongs here when it makes a size hold: the interposer's limits now; the driver's own cap,
the kernel's dmem cgroup and the freezer belong here too. Only this package writes what containers
are held by.
"""

"""The settings files of the node's programs, as text or as data to be written as JSON."""

from typing import TYPE_CHECKING, Any

from tests.e2e.cluster import images
from tests.e2e.cluster.network import NODE_ADDRESS, PODS

if TYPE_CHECKING:
    from tests.e2e.cluster.node import Node

KUBELET_PORT = 10250

_CNI_PROGRAMS = "/usr/lib/cni"  # where Debian's containernetworking-plugins puts them


def containerd(node: "Node") -> str:
    """containerd.toml, version 3."""
    state = node.state
    cdi_folders = ", ".join(f'"{folder}"' for folder in node.cdi_folders)
    return f"""\
version = 3
root = "{state}/containerd/root"
state = "{state}/containerd/state"
[grpc]
  address = "{node.containerd_socket}"
[plugins.'io.containerd.internal.v1.opt']
  path = "{state}/containerd/opt"
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "{images.PAUSE}"
[plugins.'io.containerd.cri.v1.images']
  snapshotter = "overlayfs"
[plugins.'io.containerd.cri.v1.runtime']
  cdi_spec_dirs = [{cdi_folders}]
  netns_mounts_under_state_dir = true
  # Where the score may not be lowered, runc would fail every sandbox for it.
  restrict_oom_score_adj = true
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ["{_CNI_PROGRAMS}"]
  conf_dir = "{state}/cni"
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  Root = "{state}/runc"
[plugins.'io.containerd.nri.v1.nri']
  disable = true
"""


def pods_network(node: "Node") -> dict[str, Any]:
    """A CNI configuration list: each pod on a link of its own, everything routed by the node.

    On a shared bridge an answer between two pods would pass kube-proxy's rules by, unless the
    kernel has br_netfilter.
    """
    ranges = [[{"subnet": PODS}]]
    ipam = {
        "type": "host-local",
        "dataDir": f"{node.state}/cni-addresses",
        "ranges": ranges,
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    plugin = {"type": "ptp", "ipMasq": False, "ipam": ipam}
    return {"cniVersion": "1.0.0", "name": node.network.name, "plugins": [plugin]}


def kubelet(node: "Node") -> dict[str, Any]:
    """A KubeletConfiguration."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": NODE_ADDRESS,
        "port": KUBELET_PORT,
        "failCgroupV1": False,
        "failSwapOn": False,
        "cgroupDriver": "cgroupfs",
        "enforceNodeAllocatable": [],
        "containerRuntimeEndpoint": f"unix://{node.containerd_socket}",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{node.state}/pki/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "resolvConf": "/dev/null",
        "maxPods": 250,
        # Images come from archives and can be had from nowhere else: none may be collected.
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "1%",
            "imagefs.available": "1%",
        },
        "podLogsDir": f"{node.state}/pod-logs",
        "volumePluginDir": f"{node.state}/volume-plugins",
    }


def proxy(node: "Node") -> dict[str, Any]:
    """A KubeProxyConfiguration."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clusterCIDR": PODS,
        "clientConnection": {"kubeconfig": f"{node.state}/pki/proxy.conf"},
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
        # The table of connections belongs to the machine, not to the namespace: leave its size.
        "conntrack": {"maxPerCore": 0, "min": 0},
    }

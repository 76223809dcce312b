"""etcd, the API server, the controller manager and the default scheduler."""

from dataclasses import dataclass
from pathlib import Path

from tests.e2e.cluster.binaries import Binaries
from tests.e2e.cluster.commands import succeeds
from tests.e2e.cluster.network import API_SERVICE_ADDRESS, NODE_ADDRESS, SERVICES, Network
from tests.e2e.cluster.pki import Pki
from tests.e2e.cluster.process import Process

_ETCD = "http://127.0.0.1:2379"
_API_SERVER_PLACES = (
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "127.0.0.1",
    API_SERVICE_ADDRESS,
    NODE_ADDRESS,
)


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """The control plane whose files are in `state`."""

    state: Path
    binaries: Binaries
    network: Network

    @property
    def pki(self) -> Path:
        return self.state / "pki"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's; good only inside the network namespace."""
        return self.pki / "admin.conf"

    @property
    def etcd(self) -> Process:
        return self._process(
            "etcd",
            f"--data-dir={self.state / 'etcd'}",
            f"--listen-client-urls={_ETCD}",
            f"--advertise-client-urls={_ETCD}",
            "--listen-peer-urls=http://127.0.0.1:2380",
            "--unsafe-no-fsync",  # nothing here outlives the machine
            "--log-level=warn",
        )

    @property
    def api_server(self) -> Process:
        pki = self.pki
        return self._process(
            "kube-apiserver",
            f"--etcd-servers={_ETCD}",
            f"--advertise-address={NODE_ADDRESS}",
            "--bind-address=0.0.0.0",
            "--secure-port=6443",
            f"--client-ca-file={pki}/ca.crt",
            f"--tls-cert-file={pki}/api-server.crt",
            f"--tls-private-key-file={pki}/api-server.key",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={pki}/service-accounts.pub",
            f"--service-account-signing-key-file={pki}/service-accounts.key",
            f"--service-cluster-ip-range={SERVICES}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged",
            # The node's name is in no DNS: `kubectl logs` must go to its address.
            "--kubelet-preferred-address-types=InternalIP",
            f"--kubelet-client-certificate={pki}/admin.crt",
            f"--kubelet-client-key={pki}/admin.key",
        )

    @property
    def controller_manager(self) -> Process:
        pki = self.pki
        return self._process(
            "kube-controller-manager",
            f"--kubeconfig={pki}/controller-manager.conf",
            f"--service-account-private-key-file={pki}/service-accounts.key",
            f"--root-ca-file={pki}/ca.crt",
            f"--cluster-signing-cert-file={pki}/ca.crt",
            f"--cluster-signing-key-file={pki}/ca.key",
            "--use-service-account-credentials",
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
        )

    @property
    def scheduler(self) -> Process:
        return self._process(
            "kube-scheduler",
            f"--kubeconfig={self.pki}/scheduler.conf",
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
        )

    @property
    def processes(self) -> tuple[Process, ...]:
        """All of them, in the order they start in."""
        return self.etcd, self.api_server, self.controller_manager, self.scheduler

    def issue_certificates(self, node: str) -> None:
        """Makes a fresh authority, and a client of it for each program of the cluster."""
        pki = Pki(self.pki)
        pki.issue("api-server", "kube-apiserver", server=_API_SERVER_PLACES)
        pki.key_pair("service-accounts")
        pki.client("admin", "admin", "system:masters")
        pki.client("controller-manager", "system:kube-controller-manager")
        pki.client("scheduler", "system:kube-scheduler")
        pki.client("proxy", "system:kube-proxy")
        pki.client("kubelet", f"system:node:{node}", "system:nodes")

    def start_api(self) -> None:
        """Starts etcd and the API server without waiting for either."""
        self.etcd.start()
        self.api_server.start()

    def start_rest(self) -> None:
        """Waits for the API server and starts what needs it."""
        self.api_server.wait_until(lambda: self._answers("/readyz"), "ready")
        self.controller_manager.start()
        self.scheduler.start()

    def _answers(self, path: str) -> bool:
        ask = [str(self.binaries["kubectl"]), f"--kubeconfig={self.kubeconfig}", "get", "--raw"]
        return succeeds(self.network.inside([*ask, path]))

    def _process(self, name: str, *flags: str) -> Process:
        argv = self.network.inside([str(self.binaries[name]), *flags])
        return Process(name, tuple(argv), self.state / "logs", self.binaries.search_path)

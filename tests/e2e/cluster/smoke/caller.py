"""Runs in a pod: calls the API server as client libraries do, and prints the answer's status."""

import os
import ssl
import urllib.request
from pathlib import Path

folder = Path("/var/run/secrets/kubernetes.io/serviceaccount")
token = (folder / "token").read_text()
address = f"https://{os.environ['KUBERNETES_SERVICE_HOST']}/openid/v1/jwks"
request = urllib.request.Request(address, headers={"Authorization": f"Bearer {token}"})
trusted = ssl.create_default_context(cafile=folder / "ca.crt")
with urllib.request.urlopen(request, context=trusted) as answer:  # noqa: S310 - it is https
    print(answer.status)

"""Runs in a pod: an admission webhook that refuses whatever it is asked, in words of its own."""

import json
import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Refuser(BaseHTTPRequestHandler):
    """Answers an AdmissionReview (admission.k8s.io/v1)."""

    def do_POST(self) -> None:
        """Refuses."""
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = {
            "uid": review["request"]["uid"],
            "allowed": False,
            "status": {"message": "refused by the pod"},
        }
        reply = {"apiVersion": review["apiVersion"], "kind": review["kind"], "response": answer}
        body = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/tls/server.crt", "/tls/server.key")
server = ThreadingHTTPServer(("", 8443), Refuser)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()

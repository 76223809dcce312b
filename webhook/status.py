"""The status port: /healthz, /readyz and /metrics."""

import msgspec
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from webhook import metrics
from webhook.certificates.served import Served, utc_now
from webhook.health import Health


def status_app(health: Health, served: Served) -> web.Application:
    """Alive while the loop turns; ready by `Health`; counters as Prometheus reads them."""

    async def healthz(_request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readyz(_request: web.Request) -> web.Response:
        problems = health.problems()
        body = msgspec.json.encode({"ready": not problems, "problems": problems})
        return web.Response(
            body=body + b"\n", status=503 if problems else 200, content_type="application/json"
        )

    async def counters(_request: web.Request) -> web.Response:
        metrics.CERTIFICATE_DAYS.set(served.days_left(utc_now()))
        metrics.READY.set(not health.problems())
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", counters)
    return app

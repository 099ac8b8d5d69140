"""For Tornado: handlers that answer only to the gateway."""

from tornado.ioloop import IOLoop
from tornado.web import HTTPError, RequestHandler

from tollgate_jwt import Refused, verify_header


class GatewayHandler(RequestHandler):
    """Derive your handlers from this one: `self.claims` says who calls."""

    async def prepare(self):
        header = self.request.headers.get("Authorization")
        try:
            # In a thread, because fetching the signing keys would block the loop.
            self.claims = await IOLoop.current().run_in_executor(None, verify_header, header)
        except Refused as refused:
            self.set_header("WWW-Authenticate", "Bearer")
            raise HTTPError(401, reason="Unauthorized", log_message=str(refused)) from refused

"""For Bottle: a plugin that lets only the gateway in."""

from bottle import HTTPResponse, request

from tollgate_jwt import Refused, verify_header


class GatewayPlugin:
    """Install it on the application: `request.claims` then says who calls. A route that needs no
    token says so with `skip=[GatewayPlugin]`."""

    name = "gateway"
    api = 2

    def apply(self, callback, route):
        def guarded(*args, **kwargs):
            try:
                request.claims = verify_header(request.get_header("Authorization"))
            except Refused as refused:
                return HTTPResponse({"error": str(refused)}, status=401, headers={"WWW-Authenticate": "Bearer"})
            return callback(*args, **kwargs)

        return guarded

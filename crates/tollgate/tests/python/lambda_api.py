"""Stands in for the Invoke API of AWS Lambda: checks the signature with botocore, then answers as the function of
that name would."""

import asyncio
import base64
import gzip
import json
import os
from urllib.parse import unquote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tornado.web import Application, RequestHandler

REGION = "eu-central-1"


def signature_of(request):
    """What botocore would have signed the same request with."""
    names = request.headers["Authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    fields = {name: request.headers[name] for name in names}
    credentials = Credentials("AKIDTEST", "secret/+", request.headers.get("X-Amz-Security-Token"))
    signer = SigV4Auth(credentials, "lambda", REGION)
    url = f"http://{request.host}{request.path}"
    made = AWSRequest(request.method, url, headers=fields, data=request.body)
    made.context["timestamp"] = request.headers["X-Amz-Date"]
    return signer.signature(signer.string_to_sign(made, signer.canonical_request(made)), made)


class Invoke(RequestHandler):
    def post(self, name):
        name = unquote(name)
        authorization = self.request.headers["Authorization"]
        if not authorization.endswith(f"Signature={signature_of(self.request)}"):
            self.set_status(403)
            return self.finish({"message": "The request signature we calculated does not match."})
        if self.request.headers["X-Amz-Invocation-Type"] != "RequestResponse":
            return self.send_error(400)
        event = json.loads(self.request.body)
        self.set_header("X-Amzn-Trace-Id", "root=1-abc")
        self.set_header("Content-Type", "application/json")
        if name == "echo" or name.startswith("arn:"):
            return self.write({"statusCode": 200, "headers": {"x-function": name}, "body": json.dumps(event)})
        if name == "plain":
            return self.write({"event": event})
        if name == "bytes":
            packed = base64.b64encode(gzip.compress(b"\x00\xffbytes")).decode()
            fields = {"content-type": "image/png"}
            return self.write({"statusCode": "201", "headers": fields, "cookies": ["a=1", "b=2"], "isBase64Encoded": True, "bodyEncoding": "gzip", "body": packed})
        if name == "throws":
            self.set_header("X-Amz-Function-Error", "Unhandled")
            return self.write({"errorMessage": "it went wrong", "errorType": "Error"})
        self.set_status(429 if name == "busy" else 404)
        return self.finish({"Type": "User", "message": f"no {name}"})


async def main():
    Application([(r"/2015-03-31/functions/([^/]+)/invocations", Invoke)]).listen(int(os.environ["PORT"]), address="127.0.0.1")
    print("listens", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())

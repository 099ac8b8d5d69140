"""A small note service in Bottle that trusts nobody but the gateway in front of it."""

import os

from bottle import Bottle, request, response, run

from tollgate_bottle import GatewayPlugin

app = Bottle()
app.install(GatewayPlugin())

NOTES = [{"id": 1, "text": "Only the gateway may read this"}]


@app.get("/notes")
def list_notes():
    return {"notes": NOTES}


@app.post("/notes")
def create_note():
    note = {"id": len(NOTES) + 1, "text": request.json["text"]}
    NOTES.append(note)
    response.status = 201
    return note


@app.get("/bottle/protected")
def protected():
    return {"backend": "bottle", "claims": request.claims}


@app.get("/bottle/health", skip=[GatewayPlugin])
def health():
    return {"status": "ok"}


if __name__ == "__main__":
    port = int(os.environ.get("PORT", "8889"))
    print(f"Bottle listens on http://127.0.0.1:{port}", flush=True)
    run(app, host="127.0.0.1", port=port, quiet=True)

"""Manages consumers and keys the way the public documentation of Zuplo's key API shows it: only BASE_URL and
ZAPI_KEY say that it talks to something else."""

import os
import subprocess

import requests

BASE = os.environ["BASE_URL"] + "/v1/accounts/my-account/key-buckets/my-bucket"
ZAPI_KEY = os.environ["ZAPI_KEY"]
HEADERS = {"Authorization": f"Bearer {ZAPI_KEY}"}


def call(method, path, status=200, **more):
    reply = requests.request(method, BASE + path, headers=HEADERS, timeout=20, **more)
    assert reply.status_code == status, f"{method} {path}: {reply.status_code} {reply.text}"
    return reply.json() if reply.content else None


# A consumer with a key, found again by its tags.
made = call(
    "POST",
    "/consumers?with-api-key=true",
    json={
        "name": "my-consumer",
        "description": "My Consumer",
        "metadata": {"orgId": 1234, "plan": "gold"},
        "tags": {"externalId": "acct_12345", "orgId": "1234"},
        "managers": ["Ana@example.com", {"email": "bob@example.com", "sub": "auth0|bob"}],
    },
)
assert made["name"] == "my-consumer" and made["description"] == "My Consumer", made
assert made["metadata"] == {"orgId": 1234, "plan": "gold"}, made
assert made["apiKeys"][0]["expiresOn"] is None, made
first = made["apiKeys"][0]["key"]
assert call("POST", "/consumers", status=409, json={"name": "my-consumer"})["code"] == "management-exists"

found = call("GET", "/consumers/?include-api-keys=true&include-managers=true&key-format=visible&tag.orgId=1234")
assert found["limit"] == 1000 and found["offset"] == 0 and found["total"] == 1, found
assert found["data"][0]["apiKeys"][0]["id"] == made["apiKeys"][0]["id"], found
assert found["data"][0]["apiKeys"][0]["key"] != first, "only its hash is kept"
assert sorted(m["email"] for m in found["data"][0]["managers"]) == ["ana@example.com", "bob@example.com"]
assert call("GET", "/consumers?tag.orgId=99")["data"] == []
hidden = call("GET", "/consumers/my-consumer/keys?limit=1000&offset=0&key-format=none")
assert "key" not in hidden["data"][0], hidden

# A condition that does not hold: nothing happens.
call("POST", "/consumers/my-consumer/roll-key?tag.orgId=99", status=404, json={"expiresOn": "2030-04-18"})
assert len(call("GET", "/consumers/my-consumer/keys")["data"]) == 1

# Rolled with curl, which calls the body a form.
rolled = subprocess.run(
    [
        "curl", "--silent", "--fail", "--request", "POST",
        f"{BASE}/consumers/my-consumer/roll-key?tag.orgId=1234",
        "--header", f"Authorization: Bearer {ZAPI_KEY}",
        "--data", '{"expiresOn":"2030-04-18"}',
    ],
    check=True, capture_output=True, text=True,
).stdout
assert '"key"' in rolled, rolled
keys = call("GET", "/consumers/my-consumer/keys")
assert keys["total"] == 2, keys
old = next(key for key in keys["data"] if key["id"] == made["apiKeys"][0]["id"])
assert old["expiresOn"].startswith("2030-04-18T00:00:00"), old

# More keys, one with a value of its own; changed, shown, deleted.
own = "zpka_" + "d67b7e241bb948758f415b79aa8e1234" + "_2efb1234"
one = call("POST", "/consumers/my-consumer/keys", json={"description": "CI", "key": own})
assert one["key"] == own, one
many = call("POST", "/consumers/my-consumer/keys/$bulk", json=[{"description": "a"}, {"expiresOn": "2031-01-01T00:00:00Z"}])
assert [("key" in key) for key in many["data"]] == [True, True], many
twice = [{"description": "new"}, {"key": own}]
call("POST", "/consumers/my-consumer/keys/$bulk", status=409, json=twice)
assert call("GET", "/consumers/my-consumer/keys")["total"] == 5, "all or none"
changed = call("PATCH", f"/consumers/my-consumer/keys/{one['id']}", json={"description": "CD", "expiresOn": "2032-01-01T00:00:00.000Z"})
assert changed["description"] == "CD" and changed["expiresOn"].startswith("2032"), changed
assert call("GET", f"/consumers/my-consumer/keys/{one['id']}?key-format=masked")["id"] == one["id"]
call("DELETE", f"/consumers/my-consumer/keys/{one['id']}", status=204)
call("GET", f"/consumers/my-consumer/keys/{one['id']}", status=404)

# Managers.
manager = call("POST", "/consumers/my-consumer/managers", json={"email": "eve@example.com", "sub": "auth0|eve"})
assert manager["sub"] == "auth0|eve", manager
assert call("GET", "/consumers/my-consumer/managers?limit=2&offset=1")["total"] == 3
assert call("GET", "/consumers?manager-email=eve@example.com")["data"][0]["name"] == "my-consumer"
call("DELETE", f"/consumers/my-consumer/managers/{manager['id']}", status=204)

# Many consumers, in parts.
bulk = call("POST", "/consumers/$bulk?with-api-key=true", json=[{"name": f"c-{n:02}"} for n in range(5)])
assert len(bulk["data"]) == 5 and all(c["apiKeys"][0]["key"] for c in bulk["data"]), bulk
names, offset = [], 0
while True:
    part = call("GET", f"/consumers?limit=2&offset={offset}")["data"]
    if not part:
        break
    names += [consumer["name"] for consumer in part]
    offset += len(part)
assert names == ["c-00", "c-01", "c-02", "c-03", "c-04", "my-consumer"], names

by_id = call("GET", f"/consumers/{made['id']}?tag.orgId=1234")
assert by_id["name"] == "my-consumer", by_id
assert call("GET", f"/consumers/{made['id']}/keys")["total"] == 4
updated = call("PATCH", "/consumers/my-consumer", json={"metadata": {"plan": "platinum"}, "tags": {"orgId": 5}})
assert updated["metadata"] == {"plan": "platinum"} and updated["tags"] == {"orgId": "5"}, updated
assert call("GET", "/consumers/my-consumer?include-api-keys=true")["description"] == "My Consumer"
call("DELETE", "/consumers/my-consumer?tag.orgId=6", status=404)
call("DELETE", "/consumers/my-consumer?tag.orgId=5", status=204)
call("GET", "/consumers/my-consumer", status=404)

# Buckets.
buckets = requests.get(os.path.dirname(BASE), headers=HEADERS, timeout=20).json()
bucket = next(bucket for bucket in buckets["data"] if bucket["name"] == "my-bucket")
assert bucket["isRetrievable"] is False, bucket
assert call("PATCH", "", json={"description": "Mine"})["description"] == "Mine"
call("DELETE", "", status=204)
call("GET", "", status=404)
assert requests.get(os.path.dirname(BASE), headers={"Authorization": "Bearer no"}, timeout=20).status_code == 401

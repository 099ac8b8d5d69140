// The functions that are measured, in the gateway and in Node alike.

const encoder = new TextEncoder();
let key;

export function work(Request) {
  return {
    /** Looks at two fields, and sets one. */
    header(request) {
      if (request.headers.get("user-agent") === null) return new Response("no", { status: 403 });
      const headers = new Headers(request.headers);
      headers.set("x-caller", request.user?.sub ?? "nobody");
      return new Request(request, { headers });
    },

    /** Reads a document, changes three fields, and sends it on. */
    async json(request) {
      const data = await request.json();
      data.seen = true;
      data.items[0].price *= 2;
      delete data.note;
      return new Request(request, { method: "POST", body: JSON.stringify(data), headers: request.headers });
    },

    /** Signs the path. */
    async hmac(request) {
      key ??= await crypto.subtle.importKey("raw", encoder.encode("a secret of the bench"), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
      const signature = new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(request.url)));
      const headers = new Headers(request.headers);
      headers.set("x-signature", btoa(String.fromCharCode(...signature)));
      return new Request(request, { headers });
    },
  };
}

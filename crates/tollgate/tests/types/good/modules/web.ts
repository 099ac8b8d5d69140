// What the engine has beside the runtime module.

const books = new URLPattern({ pathname: "/books/:id" });

export default async function web(request: Request): Promise<Response> {
  const id: string | undefined = books.exec(request.url)?.pathname.groups.id;
  const fields: string[] = [];
  for (const [name, value] of request.headers) fields.push(`${name}: ${value}`);
  let length = 0;
  if (request.body !== null) for await (const chunk of request.body) length += chunk.byteLength;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(id));
  const copy = structuredClone({ id, fields: fields.toSorted(), length, bytes: [...new Uint8Array(digest)] });
  const packed = new Blob([JSON.stringify(copy)]).stream().pipeThrough(new CompressionStream("gzip"));
  const signal = AbortSignal.any([AbortSignal.timeout(1000), request.signal]);
  return fetch("https://example.com/", { method: "POST", body: packed, signal, headers: { "x-id": crypto.randomUUID() } });
}

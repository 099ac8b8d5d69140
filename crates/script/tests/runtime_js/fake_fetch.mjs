// Takes the place of `fetch`, and keeps what came. It must be there before any module of the runtime.

export const received = [];
let status = 200;

/** Forgets everything; `next` is the status that is answered from now on, 0 for no answer at all. */
export function answerWith(next) {
  received.length = 0;
  status = next;
}

globalThis.fetch = async (url, init) => {
  if (status === 0) throw new TypeError("connect ECONNREFUSED");
  const request = new Request(url, init);
  received.push({ method: request.method, url: request.url, headers: request.headers, body: await request.text() });
  return new Response("thanks", { status });
};

// The other end of plugins that send something: takes the place of `fetch`, and keeps what came. It must
// be imported before any module of the runtime.

import { answer, reset } from "./fake_host.mjs";

export const received = [];
let status = 200;
let tasks = [];

globalThis.fetch = async (url, init) => {
  if (status === 0) throw new TypeError("connect ECONNREFUSED");
  const request = new Request(url, init);
  received.push({ method: request.method, url: request.url, headers: request.headers, body: await request.text() });
  return new Response("thanks", { status });
};

/** Forgets everything; `next` is the status that is answered from now on, 0 for no answer at all. */
export function receive(next = 200) {
  reset();
  received.length = 0;
  tasks = [];
  status = next;
  answer({ background: (work) => void tasks.push(work()) });
}

/** Waits for the work of the background. */
export async function backgroundIsDone() {
  while (tasks.length > 0) await tasks.shift();
}

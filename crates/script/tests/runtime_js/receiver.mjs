// The other end of plugins that send something. A test imports it before `fake_host.mjs`.

import { answerWith } from "./fake_fetch.mjs";
import { answer, reset } from "./fake_host.mjs";

export { received } from "./fake_fetch.mjs";

let tasks = [];

/** Begins anew; `status` is what is answered from now on, 0 for no answer at all. */
export function receive(status = 200) {
  reset();
  tasks = [];
  answerWith(status);
  answer({ background: (work) => void tasks.push(work()) });
}

/** Waits for the work of the background. */
export async function backgroundIsDone() {
  while (tasks.length > 0) await tasks.shift();
}

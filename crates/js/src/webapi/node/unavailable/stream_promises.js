// `node:stream/promises`.

import { unavailable } from "tollgate:node-unavailable";

const refuse = unavailable("node:stream/promises", "use ReadableStream, WritableStream and TransformStream");

export const finished = refuse("finished");
export const pipeline = refuse("pipeline");

export default {
  finished,
  pipeline,
};

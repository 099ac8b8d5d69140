// The functions of benches/tollgate/scripts in Node, each in a loop of its own: processor time for one
// call, in microseconds, with the request that it is made of. Prints JSON.

import { readFileSync } from "node:fs";

import { work } from "../tollgate/scripts/modules/work.js";

class GatewayRequest extends Request {
  user = { sub: "acme", data: {} };
}

const read = (name) => readFileSync(new URL(name, import.meta.url), "utf8");
const fields = JSON.parse(read("fields.json"));
const functions = work(GatewayRequest);
const body = read("document.json");
const url = "http://127.0.0.1:9000/header";
const make = {
  header: () => new GatewayRequest(url, { headers: fields }),
  hmac: () => new GatewayRequest(url, { headers: fields }),
  json: () => new GatewayRequest(url, { headers: fields, method: "POST", body, duplex: "half" }),
};

async function micros(name, seconds) {
  const run = async (until) => {
    let calls = 0;
    while (performance.now() < until) {
      for (let i = 0; i < 50; i++, calls++) await functions[name](make[name]());
    }
    return calls;
  };
  await run(performance.now() + 300);
  const before = process.cpuUsage();
  const calls = await run(performance.now() + seconds * 1000);
  const used = process.cpuUsage(before);
  return (used.user + used.system) / calls;
}

const seconds = Number(process.argv[2] ?? 1);
const result = {};
for (const name of Object.keys(make)) result[name] = await micros(name, seconds);
console.log(JSON.stringify(result));

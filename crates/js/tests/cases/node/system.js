import process from "node:process";
import os from "node:os";
import * as timers from "node:timers";
import * as promises from "node:timers/promises";
import * as channels from "node:diagnostics_channel";
const seen = [];

// case: nextTick
process.nextTick((...values) => seen.push(values), 1, 2);
seen.push(0);
await new Promise((resolve) => timers.setTimeout(resolve, 1));
return seen;

// case: nextTick of nothing
return process.nextTick(5);

// case: hrtime
const before = process.hrtime();
const passed = process.hrtime(before);
return [before.length, passed[0] >= 0, passed[1] >= 0, typeof process.hrtime.bigint(), process.hrtime.bigint() <= process.hrtime.bigint()];

// case: where it runs
return [process.platform, typeof process.cwd(), process.env === globalThis.process.env, typeof process.on, os.EOL, os.platform(), os.endianness(), process === globalThis.process, Array.isArray(process.argv), typeof process.uptime()];

// case: setImmediate
await new Promise((resolve) => timers.setImmediate((...values) => resolve(seen.push(values)), 1, 2));
timers.clearImmediate(timers.setImmediate(() => seen.push("never")));
await new Promise((resolve) => timers.setTimeout(resolve, 5));
return seen;

// case: timers as promises
return [await promises.setTimeout(1, "a"), await promises.setImmediate("b"), await promises.scheduler.wait(1), await promises.setTimeout()];

// case: intervals as an iterator
for await (const value of promises.setInterval(1, "x")) if (seen.push(value) === 3) break;
return seen;

// case: channels
const channel = channels.channel("a");
const subscriber = (message, name) => seen.push([message, name]);
seen.push(channel.hasSubscribers, channels.channel("a") === channel);
channel.publish(0);
channel.subscribe(subscriber);
channel.publish({ x: 1 });
seen.push(channel.hasSubscribers, channels.hasSubscribers("a"), channel.unsubscribe(subscriber), channel.unsubscribe(subscriber));
channel.publish(2);
return seen;

// case: tracing channels
const traced = channels.tracingChannel("t");
traced.start.subscribe((context) => seen.push("start", context.id));
traced.end.subscribe((context) => seen.push("end", context.result));
traced.asyncEnd.subscribe((context) => seen.push("asyncEnd", context.result));
traced.error.subscribe((context) => seen.push("error", context.error));
seen.push(traced.traceSync((a) => a + 1, { id: 1 }, null, 2));
seen.push(await traced.tracePromise(async (a) => a * 2, { id: 2 }, null, 4));
return seen;

const log = [];
const say = (...what) => log.push(what.join(""));
const after = (delay) => new Promise((resolve) => setTimeout(resolve, delay));
// case: a callback gets its arguments, and its promise jobs run before the next callback
setTimeout((...values) => { say("a", ...values); Promise.resolve().then(() => say("job")); }, 1, 1, 2, 3);
setTimeout(() => say("b"), 1);
await after(60);
return log;

// case: timers ring in the order in which they are due
setTimeout(say, 30, "late");
setTimeout(say, 1, "early");
setTimeout(say, 15, "middle");
await after(100);
return log;

// case: timers that are due together ring in the order in which they were set
for (let i = 0; i < 20; i += 1) setTimeout(say, 2, i);
await after(60);
return log;

// case: delays that are no delays are the shortest there is
for (const delay of [0, -5, NaN, "x", undefined, null, 2 ** 31, Infinity, 0.5, {}]) setTimeout(say, delay, String(delay));
await after(60);
return log;

// case: a delay may be text
setTimeout(say, "8", "b");
setTimeout(say, "2", "a");
await after(60);
return log;

// case: a timer that a callback sets rings after those that are due
setTimeout(() => { say(1); setTimeout(say, 0, 3); }, 1);
setTimeout(say, 1, 2);
await after(60);
return log;

// case: a cleared timer never rings
const a = setTimeout(say, 1, "a");
const b = setTimeout(say, 80, "b");
clearTimeout(a);
setTimeout(() => clearTimeout(b), 1);
await after(120);
return log;

// case: a timer may clear one that is due with it
setTimeout(() => clearTimeout(other), 3);
const other = setTimeout(say, 3, "other");
await after(15);
return log;

// case: an interval rings until it is cleared, also by itself
let left = 3;
const id = setInterval((word) => { say(word, left); left -= 1; if (left === 0) clearInterval(id); }, 1, "tick");
await after(100);
return log;

// case: clearTimeout clears an interval, and clearInterval a timeout
const interval = setInterval(say, 1, "interval");
clearTimeout(interval);
clearInterval(setTimeout(say, 1, "timeout"));
await after(10);
return log;

// case: clearing what is no timer does nothing
for (const id of [undefined, null, 0, -1, 1.5, NaN, "x", {}, [], () => {}, 123456789]) clearTimeout(id);
return [clearTimeout(), clearInterval()].map(String);

// case: a callback that is no function is a TypeError
const errors = [];
for (const callback of [undefined, null, "code()", {}, 1]) {
  try { setTimeout(callback, 1); } catch (error) { errors.push(error.name); }
  try { setInterval(callback, 1); } catch (error) { errors.push(error.name); }
}
return errors;

// case: a delay that cannot be a number is a TypeError
setTimeout(() => {}, Symbol("x"));

// case: a promise that a timer settles is awaited
return await new Promise((resolve, reject) => setTimeout(reject, 1, new RangeError("late"))).catch((error) => error.message);

// case: jobs come before timers
setTimeout(say, 0, "timer");
queueMicrotask(() => { say("job"); queueMicrotask(() => say("job of a job")); });
await after(5);
return log;

// case: queueMicrotask wants a function
queueMicrotask({});

// case: immediates ring in their order, after the jobs, and before timers of the future
setTimeout(say, 150, "timer");
setImmediate((...values) => { say("first", ...values); Promise.resolve().then(() => say("job")); }, 1, 2);
setImmediate(() => setImmediate(say, "nested"));
setImmediate(say, "second");
queueMicrotask(() => say("microtask"));
await after(200);
return log;

// case: a cleared immediate never rings
const immediate = setImmediate(say, "never");
clearImmediate(immediate);
setImmediate(() => clearImmediate(other));
const other = setImmediate(say, "other");
clearImmediate(undefined);
await after(10);
return [log, typeof setImmediate, typeof clearImmediate, setImmediate.name];

// case: an immediate needs a function
return [null, "text", undefined].map((callback) => { try { setImmediate(callback); } catch (error) { return error.name; } });

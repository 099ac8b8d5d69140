// `node:diagnostics_channel`: messages within one engine.

import { needFunction } from "tollgate:node-errors";

const channels = new Map();

export class Channel {
  #subscribers = [];

  constructor(name) {
    this.name = name;
  }

  get hasSubscribers() {
    return this.#subscribers.length > 0;
  }

  subscribe(subscriber) {
    needFunction(subscriber, "subscription");
    this.#subscribers = [...this.#subscribers, subscriber];
  }

  unsubscribe(subscriber) {
    const at = this.#subscribers.indexOf(subscriber);
    if (at >= 0) this.#subscribers = this.#subscribers.toSpliced(at, 1);
    return at >= 0;
  }

  publish(message) {
    for (const subscriber of this.#subscribers) {
      try {
        subscriber(message, this.name);
      } catch (error) {
        // Who publishes is not to blame.
        queueMicrotask(() => console.error(error));
      }
    }
  }

  bindStore() {}

  unbindStore() {
    return false;
  }

  runStores(data, called, receiver, ...values) {
    this.publish(data);
    return Reflect.apply(called, receiver, values);
  }
}

export function channel(name) {
  if (!channels.has(name)) channels.set(name, new Channel(name));
  return channels.get(name);
}

export const hasSubscribers = (name) => channels.get(name)?.hasSubscribers ?? false;
export const subscribe = (name, subscriber) => channel(name).subscribe(subscriber);
export const unsubscribe = (name, subscriber) => channel(name).unsubscribe(subscriber);

class TracingChannel {
  constructor(names) {
    const of = (name) => (typeof names === "string" ? channel(`tracing:${names}:${name}`) : names[name]);
    for (const name of ["start", "end", "asyncStart", "asyncEnd", "error"]) this[name] = of(name);
  }

  get hasSubscribers() {
    return Object.values(this).some((one) => one?.hasSubscribers);
  }

  traceSync(called, context = {}, receiver = undefined, ...values) {
    this.start.publish(context);
    try {
      context.result = Reflect.apply(called, receiver, values);
      return context.result;
    } catch (error) {
      context.error = error;
      this.error.publish(context);
      throw error;
    } finally {
      this.end.publish(context);
    }
  }

  async tracePromise(called, context = {}, receiver = undefined, ...values) {
    this.start.publish(context);
    try {
      const promise = Reflect.apply(called, receiver, values);
      this.end.publish(context);
      context.result = await promise;
      this.asyncStart.publish(context);
      return context.result;
    } catch (error) {
      context.error = error;
      this.error.publish(context);
      this.asyncStart.publish(context);
      throw error;
    } finally {
      this.asyncEnd.publish(context);
    }
  }
}

export const tracingChannel = (names) => new TracingChannel(names);

export default { Channel, channel, hasSubscribers, subscribe, tracingChannel, unsubscribe };

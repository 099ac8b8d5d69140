// `ContextData`: what code keeps for one request, under a name, without touching `context.custom`.

const kept = new WeakMap();

function slots(context, create) {
  let map = kept.get(context);
  if (map === undefined && create) {
    map = new Map();
    kept.set(context, map);
  }
  return map;
}

export class ContextData {
  #name;

  /** @param {string} name Equal names share their data. */
  constructor(name) {
    this.#name = name;
  }

  get(context) {
    return ContextData.get(context, this.#name);
  }

  set(context, value) {
    ContextData.set(context, this.#name, value);
  }

  static get(context, name) {
    return slots(context, false)?.get(name);
  }

  static set(context, name, value) {
    slots(context, true).set(name, value);
  }
}

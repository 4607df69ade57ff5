// The room that expressions run in: everything with a clock, chance, code from text or a way out is taken away, the
// rest is frozen, so that no record leaves anything behind for the next one.
(function () {
  "use strict";
  const hostLookup = globalThis.hostLookup, hostCompare = globalThis.hostCompare;
  const kept = new Set([
    "Array", "Boolean", "Error", "Infinity", "Iterator", "JSON", "Map", "Math", "NaN", "Number", "Object",
    "RangeError", "ReferenceError", "RegExp", "Set", "String", "Symbol", "SyntaxError", "TypeError", "URIError",
    "EvalError", "InternalError", "AggregateError",
    "decodeURI", "decodeURIComponent", "encodeURI", "encodeURIComponent", "globalThis", "isFinite", "isNaN",
    "options", "parseFloat", "parseInt", "undefined",
  ]);
  const text = String, parse = JSON.parse, finite = Number.isFinite, owned = Object.getOwnPropertyNames;
  const freeze = Object.freeze, wrapped = Object, prototypeOf = Object.getPrototypeOf, every = Reflect.ownKeys;

  class Missing { constructor(table, value) { this.table = table; this.value = value; } }
  class Wrong { constructor(message) { this.message = message; } }

  // With a third argument nothing is missing: it stands in for a line that is not there, and for an empty value.
  function lookup(table, value, otherwise) {
    if (value === null || value === undefined || value === "") return otherwise === undefined ? null : otherwise;
    const found = hostLookup(text(table), text(value));
    if (found[0] === "found") return found[1];
    if (found[0] === "missing" && otherwise !== undefined) return otherwise;
    throw found[0] === "missing" ? new Missing(text(table), text(value)) : new Wrong(found[1]);
  }

  function compare(left, right) {
    const order = hostCompare(text(left), text(right));
    if (order === null) throw new Wrong("compare() takes two numbers");
    return order;
  }

  function freezeDeep(thing, seen) {
    if (thing === null || (typeof thing !== "object" && typeof thing !== "function") || seen.has(thing)) return;
    seen.add(thing);
    freezeDeep(prototypeOf(thing), seen);
    for (const key of every(thing)) {
      const held = Object.getOwnPropertyDescriptor(thing, key);
      for (const part of [held.value, held.get, held.set]) freezeDeep(part, seen);
    }
    freeze(thing);
  }

  function freezeData(data) {
    for (const key in data) if (data[key] !== null && typeof data[key] === "object") freezeData(data[key]);
    freeze(data);
  }

  function answer(work, row) {
    try {
      const value = work(row);
      if (value === undefined || value === null) return ["value", null];
      const kind = typeof value;
      if (kind === "string" || kind === "boolean") return ["value", value];
      if (kind === "number" && finite(value)) return ["value", value];
      return ["kind", kind === "number" ? text(value) : kind];
    } catch (error) {
      if (error instanceof Missing) return ["missing", error.table, error.value];
      if (error instanceof Wrong) return ["error", error.message];
      if (error instanceof InternalError || error === null) throw error;
      return ["error", error instanceof Error ? text(error.name) + ": " + text(error.message) : "an exception"];
    }
  }

  const works = [];
  const door = {
    add(work) { works.push(work); },
    run(packed, which) {
      const answers = [];
      for (const row of parse(packed)) {
        freezeData(row);
        const mine = [];
        for (let i = 0; i < which.length; i++) mine[i] = answer(works[which[i]], row);
        answers[answers.length] = mine;
      }
      return answers;
    },
  };

  // Prototypes that no global name leads to, but a value does.
  const samples = [
    (async function () {})(), (async function* () {})(), (function* () {})(), async function () {}, function* () {},
    async function* () {}, [].values(), "".matchAll(/x/g), ""[Symbol.iterator](), new Map().entries(),
    new Set().values(), Iterator.from({ next() {} }), [].values().map(text), new Error(), /x/,
  ];
  for (const constructor of [async function () {}, function* () {}, async function* () {}, function () {}]) {
    delete prototypeOf(constructor).constructor;
  }
  delete Math.random;
  for (const name of owned(globalThis)) if (!kept.has(name)) delete globalThis[name];
  globalThis.lookup = lookup;
  globalThis.compare = compare;
  const seen = new Set();
  freezeDeep(globalThis, seen);
  for (const sample of samples) freezeDeep(prototypeOf(sample), seen);
  freeze(door);
  return door;
})();

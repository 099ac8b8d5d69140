import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { reset } from "./fake_host.mjs";
import { kept } from "./fake_caches.mjs";

const { MemoryZoneReadThroughCache, StreamingZoneCache, ZoneCache } = await import("@zuplo/runtime");

beforeEach(() => {
  reset();
  kept.clear();
});

test("a_zone_gives_back_what_was_put_until_it_is_deleted", async () => {
  const cache = new ZoneCache("zone", {});
  assert.equal(await cache.get("k"), undefined);
  await cache.put("k", { a: [1, null, "ü"] }, 30);
  assert.deepEqual(await cache.get("k"), { a: [1, null, "ü"] });
  assert.equal([...kept.values()][0].ttlSeconds, 30);
  assert.equal(await new ZoneCache("other").get("k"), undefined);
  assert.deepEqual(await new ZoneCache("zone").get("k"), { a: [1, null, "ü"] });
  await cache.delete("k");
  assert.equal(await cache.get("k"), undefined);
});

test("what_cannot_be_kept_is_refused", async () => {
  const cache = new ZoneCache("zone");
  await assert.rejects(cache.put("k", undefined, 1), TypeError);
  for (const ttl of [undefined, 0, -1, NaN, "5"]) await assert.rejects(cache.put("k", 1, ttl), /ttlSeconds/);
});

test("memory_spares_the_zone_and_ends_with_its_entry", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 1_000 });
  const cache = new MemoryZoneReadThroughCache("m1", {});
  cache.put("k", { a: 1 }, 10);
  kept.clear();
  assert.deepEqual(await cache.get("k"), { a: 1 });
  assert.equal(await cache.get("k"), await new MemoryZoneReadThroughCache("m1").get("k"), "one memory for one name");
  t.mock.timers.setTime(11_001);
  assert.equal(await cache.get("k"), undefined);
});

test("memory_reads_through_and_keeps_the_entrys_own_end", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 1_000 });
  await new ZoneCache("m2").put("k", "v", 10);
  const cache = new MemoryZoneReadThroughCache("m2", {});
  t.mock.timers.setTime(6_000);
  assert.equal(await cache.get("k"), "v");
  kept.clear();
  assert.equal(await cache.get("k"), "v");
  t.mock.timers.setTime(11_001);
  assert.equal(await cache.get("k"), undefined);
});

test("memory_holds_so_many_and_forgets_the_least_used", async () => {
  const cache = new MemoryZoneReadThroughCache("m3", {}, { maxSize: 2 });
  cache.put("a", 1, 10);
  cache.put("b", 2, 10);
  await cache.get("a");
  cache.put("c", 3, 10);
  kept.clear();
  assert.deepEqual([await cache.get("a"), await cache.get("b"), await cache.get("c")], [1, undefined, 3]);
});

test("a_deleted_entry_is_gone_from_memory_and_zone", async () => {
  const cache = new MemoryZoneReadThroughCache("m4", {});
  cache.put("a", 1, 10);
  await cache.delete("a");
  assert.equal(await cache.get("a"), undefined);
  assert.equal(await new ZoneCache("m4").get("a"), undefined);
});

test("a_stream_is_kept_whole", async () => {
  const cache = new StreamingZoneCache("s", {});
  await cache.put("k", new Blob(["hello ", "world"]).stream(), 5);
  const stream = await cache.get("k");
  assert.ok(stream instanceof ReadableStream);
  assert.equal(await new Response(stream).text(), "hello world");
  assert.equal(await new Response(await cache.get("k")).text(), "hello world");
  await cache.delete("k");
  assert.equal(await cache.get("k"), undefined);
});

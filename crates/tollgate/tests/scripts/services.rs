//! Names of the runtime module beside policies and handlers: consumers, caches in tests, and what there is not.

use serde_json::{Value, json};

use crate::project::{Scripted, good};

const MODULE: &str = r#"
import { ApiKeyConsumerClient, ZuploRequest, ZuploServices, apiServices } from "@zuplo/runtime";
import { AwsClient } from "@zuplo/runtime/aws";

const kept = new ApiKeyConsumerClient({ cacheDurationSeconds: 600 });
const fresh = new ApiKeyConsumerClient();

export const consumers = async (request: ZuploRequest) => {
  const { name } = request.query;
  return [await kept.get(name) ?? null, await fresh.get(name) ?? null, await new ApiKeyConsumerClient({ bucketId: "other" }).get(name) ?? null];
};

export const missing = async (_: ZuploRequest, context: any) => {
  const calls = [() => ZuploServices.getIDToken(context), () => apiServices("/x"), async () => AwsClient.fromContext(context)];
  return Promise.all(calls.map((call) => call().then(() => "?", (error: Error) => `${error.name}: ${error.message}`)));
};
"#;

#[tokio::test(flavor = "multi_thread")]
async fn scripts_read_the_consumers_of_the_gateways_own_store() {
    let project = Scripted::new()
        .await
        .module("services.ts", MODULE)
        .handled("/consumers", "get", ("services", "consumers"), &[], &[])
        .handled("/missing", "get", ("services", "missing"), &[], &[]);
    project.write();
    project
        .world
        .tollgate(&["consumer", "create", "acme", "--metadata", r#"{"plan":"gold"}"#, "--tag", "tier=1"])
        .await
        .good();
    let gateway = project.start().await;
    let ask = async || good(&gateway.get("/consumers?name=acme", None).await, &gateway);
    let [kept, fresh, other] = <[Value; 3]>::try_from(ask().await.as_array().unwrap().clone()).unwrap();
    assert_eq!(kept, fresh);
    assert_eq!(other, Value::Null, "another bucket");
    assert_eq!(
        (&kept["name"], &kept["metadata"], &kept["tags"]),
        (&json!("acme"), &json!({ "plan": "gold" }), &json!({ "tier": "1" }))
    );
    assert!(kept["id"].as_str().unwrap().starts_with("con_") && kept["createdOn"].as_str().unwrap().ends_with('Z'));
    let nobody = good(&gateway.get("/consumers?name=nobody", None).await, &gateway);
    assert_eq!(nobody, json!([null, null, null]));
    project.world.tollgate(&["consumer", "delete", "acme"]).await.good();
    let after = ask().await;
    assert_eq!((&after[0]["name"], &after[1]), (&json!("acme"), &Value::Null), "only what was asked to is kept");

    let missing = good(&gateway.get("/missing", None).await, &gateway);
    for (message, instead) in
        missing.as_array().unwrap().iter().zip(["JwtServicePlugin.signJwt", "ApiKeyConsumerClient", "new AwsClient"])
    {
        let message = message.as_str().unwrap();
        assert!(message.starts_with("ConfigurationError: ") && message.contains(instead), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn caches_work_in_tests_of_a_project() {
    let test = r#"
import { ZoneCache, MemoryZoneReadThroughCache, StreamingZoneCache } from "@zuplo/runtime";
import { describe, it } from "@zuplo/test";

describe("caches", () => {
  it("keep what they are given", async () => {
    const cache = new ZoneCache<{ a: number }>("things", undefined as any);
    await cache.put("key", { a: 1 }, 60);
    const memory = new MemoryZoneReadThroughCache<string>("more", undefined as any);
    memory.put("key", "value", 60);
    const web = await caches.open("web");
    await web.put("https://a.example/", new Response("body", { headers: { "cache-control": "max-age=60" } }));
    const streams = new StreamingZoneCache("streams", undefined as any);
    await streams.put("key", new Response("stream").body!, 60);
    const seen = [(await cache.get("key"))?.a, await memory.get("key"), await (await web.match("https://a.example/"))?.text(), await new Response(await streams.get("key")).text()];
    if (JSON.stringify(seen) !== '[1,"value","body","stream"]') throw new Error(JSON.stringify(seen));
    await cache.delete("key");
    if (await cache.get("key") !== undefined) throw new Error("it is still there");
  });
});
"#;
    let project = Scripted::new()
        .await
        .module("services.ts", MODULE)
        .handled("/missing", "get", ("services", "missing"), &[], &[])
        .file("tests/caches.test.ts", test);
    project.write();
    let ran = project.world.tollgate(&["test"]).await.good();
    assert!(ran.stdout.contains("1 passed, 0 failed"), "{ran:?}");
}

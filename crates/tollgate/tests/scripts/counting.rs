//! What code says to the policies that count, and what it learns of them.

use serde_json::json;

use crate::project::{Scripted, good};

#[tokio::test(flavor = "multi_thread")]
async fn what_code_says_a_request_used_counts_and_code_learns_what_is_left() {
    let project = Scripted::new().await.module(
        "meters.ts",
        r#"
import { ComplexRateLimitInboundPolicy, QuotaInboundPolicy, ZuploContext, ZuploRequest } from "@zuplo/runtime";

export async function identify(request: ZuploRequest) {
  request.user = { sub: request.query.who ?? "nobody", data: { since: "2024-01-31T12:00:00Z" } };
  return request;
}
export function work(request: ZuploRequest, context: ZuploContext) {
  const used = Number(request.query.used);
  QuotaInboundPolicy.setMeters(context, { tokens: used });
  ComplexRateLimitInboundPolicy.setIncrements(context, { tokens: used });
  const status = Number(request.query.status ?? 200);
  return new Response(JSON.stringify(QuotaInboundPolicy.getUsage(context, "monthly")), { status });
}
export const getQuotaDetail = (request: ZuploRequest) => ({ key: request.user!.sub, allowances: { tokens: 100 } });
export const getAnchorDate = (request: ZuploRequest) => new Date(request.user!.data.since);
"#,
    );
    let quota = json!({
        "period": "monthly", "quotaBy": "function", "quotaAnchorMode": "function",
        "identifier": { "module": "$import(./modules/meters)" },
    });
    let limit = json!({ "rateLimitBy": "user", "limits": { "requests": 100, "tokens": 150 }, "timeWindowMinutes": 60 });
    let project = project
        .policy("identify", "meters", "identify", json!({}))
        .built_in("monthly", "QuotaInboundPolicy", quota)
        .built_in("hourly", "ComplexRateLimitInboundPolicy", limit)
        .handled("/work", "get", ("meters", "work"), &["identify", "monthly", "hourly"], &[]);
    let gateway = project.start().await;

    let first = good(&gateway.get("/work?who=alice&used=60", None).await, &gateway);
    assert_eq!(first["meters"]["tokens"], json!({ "used": 0, "allowance": 100, "remaining": 100 }));
    let end = first["periodEnd"].as_str().unwrap();
    assert!(end.ends_with("T12:00:00.000Z"), "{end}");
    // Failed: the quota gets it back, the limit does not.
    let failed = gateway.get("/work?who=alice&used=60&status=500", None).await;
    assert_eq!(failed.status, 500);
    let third = good(&gateway.get("/work?who=alice&used=60", None).await, &gateway);
    assert_eq!(third["meters"]["tokens"], json!({ "used": 60, "allowance": 100, "remaining": 40 }));
    let refused = gateway.get("/work?who=alice&used=1", None).await;
    assert_eq!((refused.status.as_u16(), refused.json()["code"].as_str()), (429, Some("quota-exceeded")));
    // Another one has neither quota nor limit in common with her.
    let other = good(&gateway.get("/work?who=bob&used=200", None).await, &gateway);
    assert_eq!(other["meters"]["tokens"]["used"], 0);
    let refused = gateway.get("/work?who=bob&used=1&status=500", None).await;
    assert_eq!(refused.json()["code"], "quota-exceeded");
}

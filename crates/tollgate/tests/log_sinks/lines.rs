//! What lines hold, and who has one.

use http::{Method, StatusCode};
use serde_json::Value;
use tollgate_testkit::client;

use crate::{Logging, root, soon};

/// The lines that a gateway has printed.
fn printed(logging: &Logging) -> Vec<Value> {
    let output = logging.gateway.child.output();
    output.lines().filter_map(|line| serde_json::from_str(line).ok()).filter(|line: &Value| line["v"] == 1).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn real_lines_are_what_the_published_schema_says() {
    let logging = Logging::start("{}").await;
    let url = &logging.gateway.url;
    logging.ask(1).await;
    logging.gateway.get("/nowhere?token=s3cret", None).await;
    logging.gateway.get("/protected", Some("tlg_wrong")).await;
    client::send(
        Method::POST,
        &format!("{url}/open"),
        &[("authorization", "Bearer s3cret"), ("cookie", "s3cret")],
        "s3cret",
    )
    .await
    .unwrap();
    let lines = soon("four lines", &logging.gateway, || Some(printed(&logging)).filter(|lines| lines.len() >= 4)).await;
    let path = root().join("schemas/access-log.schema.json");
    let schema: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(logging.world.tollgate(&["schema", "--kind", "access-log"]).await.good().json(), schema);
    let schema = jsonschema::validator_for(&schema).unwrap();
    for line in &lines {
        let errors: Vec<String> = schema.iter_errors(line).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{line}: {errors:?}");
        assert!(!line.to_string().contains("s3cret"), "{line}");
    }
    let mut wrong = lines[0].clone();
    wrong["v"] = 2.into();
    assert!(!schema.is_valid(&wrong), "the schema can fail");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_went_well_a_share_has_a_line_and_everything_else_all() {
    let logging = Logging::start("{ sample: 0, slow: 30s }").await;
    logging.ask(20).await;
    for _ in 0..3 {
        assert_eq!(logging.gateway.get("/nowhere", None).await.status, StatusCode::NOT_FOUND);
    }
    logging.until("tollgate_access_log_sampled_out_total", 20.0).await;
    let lines =
        soon("three lines", &logging.gateway, || Some(printed(&logging)).filter(|lines| lines.len() >= 3)).await;
    assert!(lines.iter().all(|line| line["status"] == 404 && line.get("sample").is_none()), "{lines:?}");

    // What is slow, by these settings, is everything.
    logging.reload("{ sample: 0, slow: 0s }").await;
    logging.ask(1).await;
    soon("a slow one", &logging.gateway, || printed(&logging).into_iter().find(|line| line["status"] == 200)).await;

    logging.reload("{ sample: 50%, slow: 30s }").await;
    logging.ask(60).await;
    let sampled =
        soon("a sampled one", &logging.gateway, || printed(&logging).into_iter().find(|line| line["sample"] == 0.5));
    assert_eq!(sampled.await["status"], 200);
}

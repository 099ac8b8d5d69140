//! Recorded requests against a change.

use serde_json::{Value, json};

use super::{Change, TOP, document, get};

fn line(method: &str, path: &str, route: Option<&str>) -> String {
    let status = if route.is_some() { 200 } else { 404 };
    json!({
        "time": "2026-11-28T10:00:00.000Z", "id": "r", "method": method, "host": "api.test", "path": path,
        "query": ["secret-name"], "status": status, "reason": if route.is_some() { "ok" } else { "route.not_found" },
        "route": route, "client": "203.0.113.7", "traceId": "0", "snapshot": "0",
    })
    .to_string()
}

fn changed() -> Change {
    let before =
        document(TOP, &format!("{}{}{}", get("/users/{id}", "limit: 10/m"), get("/same", ""), get("/old", "")));
    let after = document(
        TOP,
        &format!(
            "{}{}{}{}",
            get("/users/{id}", ""),
            get("/users/me", "limit: 10/m"),
            get("/same", ""),
            get("/new", "auth: public")
        ),
    );
    Change::of(&before, &after)
}

#[track_caller]
fn difference<'r>(replay: &'r Value, becomes: &str) -> &'r Value {
    let all = replay["differences"].as_array().unwrap();
    all.iter().find(|one| one["becomes"] == becomes).unwrap_or_else(|| panic!("no {becomes}: {replay:#}"))
}

#[tokio::test]
async fn recorded_requests_that_would_be_answered_differently_are_counted_with_examples() {
    let change = changed();
    let mut log = String::new();
    for number in 0..10 {
        log.push_str(&format!("{}\n", line("GET", &format!("/users/{number}"), Some("GET /users/{id}"))));
    }
    for (path, route) in [
        ("/users/me", Some("GET /users/{id}")),
        ("/same", Some("GET /same")),
        ("/same", Some("GET /same")),
        ("/old", Some("GET /old")),
        ("/new", None),
        ("/nowhere", None),
    ] {
        log.push_str(&format!("{}\n", line("GET", path, route)));
    }
    log.push_str("this is no line of an access log\n\n{\"message\": \"neither is this\"}\n");
    // A collector has put something in front of it.
    log.push_str(&format!("2026-11-28 host tollgate[1]: {}\n", line("GET", "/same", Some("GET /same"))));
    change.world.write("access.log", &log);

    let replay = change.run(&["--replay", "access.log", "--output", "json"]).await.good().json();
    assert_eq!(replay["schema"], 1);
    assert_eq!(
        (&replay["lines"], &replay["unknown"], &replay["same"], &replay["different"], &replay["recordedElsewhere"]),
        (&json!(19), &json!(2), &json!(4), &json!(13), &json!(0)),
        "{replay:#}"
    );
    let limit = difference(&replay, "changed");
    assert_eq!((&limit["count"], &limit["weakens"]), (&json!(10), &json!(true)));
    assert_eq!(limit["changes"][0]["kind"], "limit-lost");
    assert_eq!(limit["examples"].as_array().unwrap().len(), 3);
    assert_eq!(limit["examples"][0], "GET api.test/users/0");
    let other = difference(&replay, "other-route");
    assert_eq!(
        (&other["before"], &other["after"], &other["count"]),
        (&json!("GET /users/{id}"), &json!("GET /users/me"), &json!(1))
    );
    let refused = difference(&replay, "refused");
    assert_eq!((&refused["before"], &refused["after"]), (&json!("GET /old"), &json!("404")));
    let found = difference(&replay, "found");
    assert_eq!(
        (&found["before"], &found["after"], &found["weakens"]),
        (&json!("404"), &json!("GET /new"), &json!(true))
    );
    assert_eq!(replay["differences"][0]["weakens"], true, "what is weaker stands first");

    let text = change.run(&["--replay", "access.log"]).await.good().stdout;
    assert!(
        text.contains("13 of 17 recorded requests would be answered differently, 11 with something weaker"),
        "{text}"
    );
    assert!(text.contains("! 10 answered by `GET /users/{id}`, which is not as it was"), "{text}");
    assert!(text.contains("such as GET api.test/users/0"), "{text}");
    assert!(text.contains("2 lines not read"), "{text}");
    let markdown = change.run(&["--replay", "access.log", "--markdown"]).await.good().stdout;
    assert!(markdown.contains("| 10 | ⚠️ answered by `GET /users/{id}`"), "{markdown}");
    assert_eq!(change.run(&["--replay", "access.log", "--detailed-exit-code"]).await.code, 4);
}

#[tokio::test]
async fn a_log_comes_from_standard_input_and_one_of_another_state_is_told() {
    let change = changed();
    let log = format!("{}\n{}\n", line("GET", "/same", Some("somewhereElse")), line("OPTIONS", "/same", None));
    let arguments = ["plan", "after", "--against", "before", "--replay", "-", "--output", "json"];
    let replay = change.world.tollgate_with_input(&arguments, &log).await.good().json();
    assert_eq!(
        (&replay["same"], &replay["recordedElsewhere"], &replay["notJudged"]),
        (&json!(1), &json!(1), &json!(1))
    );
    let arguments = ["plan", "after", "--against", "before", "--replay", "-", "--detailed-exit-code"];
    assert_eq!(change.world.tollgate_with_input(&arguments, &log).await.code, 0);
    let ended = change.run(&["--replay", "missing.log"]).await;
    assert_eq!(ended.code, 1);
    assert!(ended.stderr.contains("the log missing.log cannot be read"), "{ended:?}");
}

#[tokio::test]
async fn the_log_of_a_gateway_is_replayed_as_it_is_written() {
    let change = changed();
    let world = &change.world;
    let gateway = world.start(&["run", "before"]).await;
    let _ = gateway.get("/users/7?token=very-secret", None).await;
    let _ = gateway.get("/nowhere", None).await;
    let mut child = gateway.child;
    child.signal("TERM").await.unwrap();
    child.wait(super::support::SOON).await.unwrap();
    world.write("access.log", &child.output());
    let replay = change.run(&["--replay", "access.log", "--output", "json"]).await.good();
    assert!(!replay.stdout.contains("very-secret"), "{replay:?}");
    let replay = replay.json();
    let limit = difference(&replay, "changed");
    assert_eq!((&limit["count"], &replay["same"]), (&json!(1), &json!(1)), "{replay:#}");
}

#[tokio::test]
async fn a_line_longer_than_any_of_ours_is_skipped() {
    let change = changed();
    let long = format!("{{\"method\": \"GET\", \"path\": \"/{}\"}}", "x".repeat(3 << 20));
    change.world.write("access.log", &format!("{long}\n{}\n", line("GET", "/same", Some("GET /same"))));
    let replay = change.run(&["--replay", "access.log", "--output", "json"]).await.good().json();
    assert_eq!((&replay["unknown"], &replay["same"]), (&json!(1), &json!(1)), "{replay:#}");
}

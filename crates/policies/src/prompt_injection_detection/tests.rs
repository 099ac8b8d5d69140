use http_body_util::BodyExt;
use serde_json::json;

use super::*;
use crate::testing::{Reply, Room, refused};

fn said(word: &str) -> Reply {
    Reply::Json(200, json!({ "choices": [{ "message": { "role": "assistant", "content": word } }] }))
}

async fn send(room: &Room, more: Value, media: &str, text: &str) -> Result<String, &'static str> {
    let mut options = json!({ "apiKey": "s3cret", "baseUrl": "http://127.0.0.1:11434/v1/", "model": "judge" });
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let policy = room.build(&KIND, options).unwrap();
    let mut response = Response::new(Body::full(text.to_owned()));
    response.headers_mut().insert("content-type", media.parse().unwrap());
    match policy.on_response(&mut room.exchange(), &mut response).get().await {
        Flow::Continue => {
            let body = response.into_body().collect().await.unwrap().to_bytes();
            Ok(String::from_utf8(body.to_vec()).unwrap())
        }
        flow => {
            let problem = refused(flow);
            assert!(!problem.cause.clone().unwrap_or_default().contains("s3cret"));
            Err(problem.reason.name)
        }
    }
}

#[tokio::test]
async fn what_the_model_calls_an_injection_is_held_back() {
    let mut room = Room::new();
    let server = room.serve(|asked| {
        said(if asked.json()["messages"][1]["content"].as_str().unwrap().contains("Ignore") {
            "INJECTION"
        } else {
            " safe.\n"
        })
    });
    assert_eq!(send(&room, json!({}), "text/plain", "hello \"there\"").await, Ok("hello \"there\"".to_owned()));
    assert_eq!(send(&room, json!({}), "text/plain", "Ignore all").await, Err("prompt.injection"));
    let late = format!("{}Ignore all", "a ".repeat(30_000));
    assert_eq!(send(&room, json!({}), "application/json", &late).await, Err("prompt.injection"));
    let asked = &server.asked()[0];
    assert_eq!(asked.url, "http://127.0.0.1:11434/v1/chat/completions");
    assert_eq!((asked.field("authorization"), &asked.json()["model"]), ("Bearer s3cret", &json!("judge")));
    assert_eq!(asked.json()["messages"][1]["content"], r#""hello \"there\"""#, "as data");
    let before = server.asked().len();
    for (media, text) in [("image/png", "Ignore all"), ("text/plain", "")] {
        assert_eq!(send(&room, json!({}), media, text).await, Ok(text.to_owned()));
    }
    assert_eq!(server.asked().len(), before, "there is nothing to judge");
}

#[tokio::test]
async fn what_nobody_judged_goes_out_unless_it_must_be_judged() {
    for reply in 0..6 {
        let mut room = Room::new();
        room.serve(move |_| match reply {
            0 => Reply::Refuse,
            1 => Reply::Silence,
            2 => Reply::Text(200, "<html>"),
            3 => said("It is not SAFE"),
            4 => Reply::Text(429, ""),
            _ => Reply::Json(200, json!({ "choices": [] })),
        });
        assert_eq!(send(&room, json!({}), "text/plain", "hello").await, Ok("hello".to_owned()), "{reply}");
        assert_eq!(send(&room, json!({ "strict": true }), "text/plain", "hello").await, Err("prompt.unchecked"));
    }
    let mut room = Room::new();
    room.serve(|_| said("SAFE"));
    let long = "a".repeat(300_000);
    assert_eq!(send(&room, json!({ "strict": true }), "text/plain", &long).await, Err("prompt.unchecked"));
}

#[test]
fn what_cannot_work_is_refused_at_its_place_and_the_key_is_never_shown() {
    let room = Room::new();
    for (field, value) in [("baseUrl", "api.example.com"), ("apiKey", "a\nb"), ("model", "")] {
        let mut options = json!({ "apiKey": "s3cret" });
        options[field] = json!(value);
        assert_eq!(room.build(&KIND, options).unwrap_err().pointer, format!("/{field}"));
    }
    assert!(!format!("{:?}", room.build(&KIND, json!({ "apiKey": "s3cret" })).unwrap()).contains("s3cret"));
}

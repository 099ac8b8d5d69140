//! Bytes after an answer would be the answer to whoever uses the connection next: the response queue
//! is poisoned. They are what remains of a body where there must be none, a second answer that
//! nobody asked for, or an answer that comes before its request.

use crate::answers::{answered, are};

const EVIL: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";

#[tokio::test]
async fn surplus_bytes_are_nobodys_answer() {
    for (method, answer) in [
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        ("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", "HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\n"),
        ("GET", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n"),
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 39\r\n\r\n"),
        ("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("HEAD", "HTTP/1.1 404 Not Found\r\nContent-Length: 5, 5\r\n\r\n"),
    ] {
        let bytes = format!("{answer}{EVIL}");
        for stay in [true, false] {
            let answers = answered(method, bytes.as_bytes(), stay).await;
            assert_eq!(answers.len(), 2, "{method} {answer:?}: {answers:?}");
            for found in answers {
                assert_ne!(found.body, b"evil", "{method} {answer:?}");
                assert_eq!(found.status().to_string(), answer[9..12], "{method} {answer:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_switch_that_nobody_asked_for_is_502() {
    for head in [
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n\r\n",
    ] {
        are(502, "GET", format!("{head}{EVIL}").as_bytes(), true).await;
    }
}

/// Interim answers are no answers, and travel beside them; a flood of them is none either, and ends early.
#[tokio::test]
async fn interim_answers_are_no_answers() {
    let interim = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    let last = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    for (sent, seen, status) in [(3, 3, 200), (2000, 16, 502)] {
        let bytes = format!("{}{last}", interim.repeat(sent));
        are(status, "GET", bytes.as_bytes(), true).await;
        let answers = answered("GET", bytes.as_bytes(), true).await;
        let hints = answers.iter().filter(|answer| answer.status() == 103).count();
        assert_eq!(hints, 2 * seen, "of {sent}");
    }
}

/// A length that nobody can trust does not travel on with an answer that has no body.
#[tokio::test]
async fn an_ill_formed_length_of_an_answer_to_head_stays_behind() {
    for length in ["x", "+5", "-1", "", "5, 6", "5\r\nContent-Length: 6", "99999999999999999999"] {
        let bytes = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
        are(502, "HEAD", bytes.as_bytes(), true).await;
    }
    for length in ["5", "5, 5", "5\r\nContent-Length: 5"] {
        let bytes = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
        for answer in answered("HEAD", bytes.as_bytes(), true).await {
            assert_eq!(answer.field("content-length"), Some("5"), "{length}");
        }
    }
}

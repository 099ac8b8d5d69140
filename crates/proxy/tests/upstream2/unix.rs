//! Upstreams that listen on a Unix socket.

use std::path::PathBuf;
use std::sync::Arc;

use h2::server::Builder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;
use tokio::sync::mpsc::unbounded_channel;
use tollgate_core::settings::UpstreamProtocol;

use super::server::{Call, GET, ask, serve};
use super::support::{OK, Setup, soon};

/// A path for a socket that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tollgate-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn socket(&self) -> PathBuf {
        self.0.join("app.sock")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn http1_over_a_socket_keeps_its_connection_and_says_localhost() {
    let folder = Folder::new("h1");
    let listener = UnixListener::bind(folder.socket()).unwrap();
    let (tell, mut told) = unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let tell = tell.clone();
            tokio::spawn(async move {
                let mut chunk = vec![0; 4096];
                let mut number = 0;
                while let Ok(n @ 1..) = stream.read(&mut chunk).await {
                    number += 1;
                    let _ = tell.send((number, String::from_utf8_lossy(&chunk[..n]).into_owned()));
                    stream.write_all(OK).await.unwrap();
                }
            });
        }
    });
    let gate = Setup::to(format!("http://unix:{}:/base", folder.socket().display())).start().await;
    assert_eq!(gate.upstream.base_path(), "/base");
    for round in 1..=3 {
        assert!(ask(&gate, GET).await.starts_with("HTTP/1.1 200"));
        let (number, head) = soon("the request", told.recv()).await.unwrap();
        assert_eq!(number, round, "on the same connection");
        assert!(head.contains("host: localhost\r\n"), "{head}");
    }
    assert_eq!(&*gate.records()[0].attempts[0].target, format!("unix:{}", folder.socket().display()));
}

#[tokio::test]
async fn http2_over_a_socket_is_prior_knowledge() {
    let folder = Folder::new("h2");
    let listener = UnixListener::bind(folder.socket()).unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let handler = |mut call: Call| async move {
                assert_eq!(call.request.uri().authority().unwrap().as_str(), "localhost");
                call.answer("ok");
            };
            tokio::spawn(serve(stream, Builder::new(), Arc::new(handler)));
        }
    });
    let mut setup = Setup::to(format!("http://unix:{}", folder.socket().display()));
    setup.upstream.protocol = UpstreamProtocol::Http2;
    let gate = setup.start().await;
    for _ in 0..3 {
        assert!(ask(&gate, GET).await.starts_with("HTTP/1.1 200"));
    }
    assert!(gate.records()[2].attempts[0].reused);
}

#[tokio::test]
async fn a_socket_that_nobody_listens_on_is_502() {
    let folder = Folder::new("none");
    let gate = Setup::to(format!("http://unix:{}", folder.socket().display())).start().await;
    let answer = ask(&gate, GET).await;
    assert!(answer.starts_with("HTTP/1.1 502") && answer.contains("upstream.connect_refused"), "{answer}");
}

//! `tollgate top` in a terminal of 80 columns and 24 lines, through the built binary.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use std::fs::File;
use std::io::{Read, Write};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use support::{Gateway, SOON, World};
use tokio::process::{Child, Command};
use tollgate_testkit::CapturingUpstream;

const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A pseudo-terminal with `top` in it, and what its screen shows.
struct Terminal {
    child: Child,
    keys: File,
    /// Our own end of what the child sees, for asking how the terminal is.
    line: File,
    screen: Arc<Mutex<vt100::Parser>>,
}

impl Terminal {
    fn start(world: &World, arguments: &[&str]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let line = File::from(rustix::fs::open(name, flags, Mode::empty()).unwrap());
        tcsetwinsize(&line, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let stdio = || Stdio::from(line.try_clone().unwrap());
        // With the pseudo-terminal as its controlling one, as in a shell.
        let child = Command::new("setsid")
            .args(["--ctty", "--wait", env!("CARGO_BIN_EXE_tollgate"), "top", "--interval", "100ms"])
            .args(arguments)
            .current_dir(world.path())
            .env_remove("TOLLGATE_DATA_DIR")
            .env("TERM", "xterm-256color")
            .stdin(stdio())
            .stdout(stdio())
            .stderr(stdio())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let screen = Arc::new(Mutex::new(vt100::Parser::new(24, 80, 0)));
        let (mut reader, seen) = (File::from(master.try_clone().unwrap()), Arc::clone(&screen));
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(count) = reader.read(&mut piece) {
                if count == 0 {
                    return;
                }
                seen.lock().unwrap().process(&piece[..count]);
            }
        });
        Self { child, keys: File::from(master), line, screen }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// Waits until the screen shows all of these.
    async fn shows(&self, parts: &[&str]) {
        self.until(parts.join(" and ").as_str(), |text| parts.iter().all(|part| text.contains(part))).await;
    }

    async fn until(&self, what: &str, good: impl Fn(&str) -> bool) {
        let looked = async {
            while !good(&self.text()) {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        if tokio::time::timeout(SOON, looked).await.is_err() {
            panic!("the screen does not come to show {what}:\n{}", self.text());
        }
    }

    /// Waits for its end, which must leave the terminal as it was.
    async fn ends_well(mut self) {
        let Ok(status) = tokio::time::timeout(SOON, self.child.wait()).await else {
            panic!("it does not end:\n{}", self.text());
        };
        assert!(status.as_ref().is_ok_and(std::process::ExitStatus::success), "{status:?}:\n{}", self.text());
        self.until("the screen of before", |_| {
            let screen = self.screen.lock().unwrap();
            !screen.screen().alternate_screen() && !screen.screen().hide_cursor()
        })
        .await;
        let modes = tcgetattr(&self.line).unwrap().local_modes;
        assert!(modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG), "{modes:?}");
    }
}

async fn gateway() -> (World, Gateway, CapturingUpstream, String) {
    let upstream = CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    let gateway = world.start(&["run", "."]).await;
    let key = world.key("acme").await["key"].as_str().unwrap().to_owned();
    (world, gateway, upstream, key)
}

async fn traffic(gateway: &Gateway, key: &str) {
    for _ in 0..5 {
        gateway.get("/open", None).await;
        gateway.get("/protected", Some(key)).await;
    }
    gateway.get("/protected", None).await;
    gateway.get("/nowhere", None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_view_is_there_and_keys_sort_filter_and_end_it() {
    let (world, gateway, upstream, key) = gateway().await;
    traffic(&gateway, &key).await;
    let mut terminal = Terminal::start(&world, &[]);
    terminal.shows(&["ROUTE", "P99 MS", "getOpen", "getProtected", "(no route)", "req/s", "store ok", "q quit"]).await;
    assert!(terminal.screen.lock().unwrap().screen().alternate_screen());
    terminal.press("2");
    terminal.shows(&["CONSUMER", "acme", "(without a key)"]).await;
    terminal.press("3");
    terminal.shows(&["REASON", "key.missing", "route.not_found"]).await;
    terminal.press("4");
    terminal.shows(&["TARGET", &upstream.address().to_string(), "IDLE"]).await;
    terminal.press("5");
    terminal.shows(&["limits", "counted in memory", "keys in memory"]).await;
    terminal.press("6");
    terminal.shows(&["nothing yet"]).await;

    // By name, then by name from behind; the line of the table's head is the fifth.
    terminal.press("1");
    let first = |text: &str| text.lines().nth(5).unwrap_or_default().to_owned();
    terminal.press("ssssss");
    terminal.until("the routes by name", |text| text.contains("ROUTE▾") && first(text).starts_with("(no route)")).await;
    terminal.press("r");
    terminal.until("the routes from behind", |text| first(text).starts_with("getProtected")).await;
    terminal.press("/open\r");
    terminal
        .until("only what the filter lets through", |text| {
            text.contains("filter: open") && text.contains("getOpen") && !text.contains("getProtected")
        })
        .await;
    terminal.press("\u{1b}");
    terminal.shows(&["getProtected"]).await;
    terminal.press(" ");
    terminal.shows(&["PAUSED"]).await;
    terminal.press("q");
    terminal.ends_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_terminal_is_as_it_was_after_ctrl_c_and_after_a_signal() {
    let (world, _gateway, _upstream, _key) = gateway().await;
    let mut terminal = Terminal::start(&world, &[]);
    terminal.shows(&["req/s"]).await;
    terminal.press("\u{3}");
    terminal.ends_well().await;

    let terminal = Terminal::start(&world, &[]);
    terminal.shows(&["req/s"]).await;
    let pid = terminal.child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
    terminal.ends_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_goes_away_is_said_and_asked_again() {
    let (world, mut gateway, _upstream, key) = gateway().await;
    traffic(&gateway, &key).await;
    let mut terminal = Terminal::start(&world, &[]);
    terminal.shows(&["getOpen"]).await;
    gateway.child.kill().await.unwrap();
    terminal.shows(&["NO ANSWER", "getOpen"]).await;
    terminal.press("q");
    terminal.ends_well().await;

    let ended = world.tollgate(&["top"]).await;
    assert!(ended.code == 1 && ended.stderr.contains("no gateway answers"), "{ended:?}");
    let nowhere = World::empty();
    let ended = nowhere.tollgate(&["top", "--once"]).await;
    assert!(ended.code == 1 && ended.stderr.contains("--data-dir"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_look_is_for_scripts_and_tells_rates_of_its_span() {
    let (world, gateway, upstream, key) = gateway().await;
    traffic(&gateway, &key).await;
    let look = world.tollgate(&["top", "--output", "json", "--interval", "1s"]);
    let (look, ()) = tokio::join!(look, async {
        for _ in 0..10 {
            traffic(&gateway, &key).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let sample = look.good().json();
    let route = |id: &str| sample["routes"].as_array().unwrap().iter().find(|row| row["route"] == id).unwrap().clone();
    let open = route("getOpen");
    assert!(open["perSecond"].as_f64().unwrap() > 1.0 && open["p99Ms"].as_f64().unwrap() > 0.0, "{sample}");
    let protected = route("getProtected");
    let errors = protected["clientErrorPercent"].as_f64().unwrap();
    assert!((5.0..50.0).contains(&errors), "one of six is refused: {sample}");
    assert_eq!(sample["consumers"][0]["consumer"].as_str().map(|_| ()), Some(()), "{sample}");
    assert!(sample["consumers"].as_array().unwrap().iter().any(|row| row["consumer"] == "acme"), "{sample}");
    assert_eq!(sample["targets"][0]["target"], upstream.address().to_string());
    assert_eq!((&sample["store"]["up"], &sample["limits"]["up"]), (&true.into(), &true.into()));

    let text = world.tollgate(&["top", "--once", "--interval", "100ms"]).await.good().stdout;
    for part in ["req/s", "ROUTE", "getOpen", "CONSUMER", "acme", "key.missing", "store"] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    let wrong = world.tollgate(&["top", "--once", "--interval", "1ms"]).await;
    assert!(wrong.code == 1 && wrong.stderr.contains("100ms"), "{wrong:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_and_the_keys_of_other_issuers_are_watched() {
    // The key of RFC 7517, appendix A.1.
    const KEYS: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"sig","kid":"1"}]}"#;
    let issuer = CapturingUpstream::answering(|seen| match seen.target.as_str() {
        "/good" => http::Response::new(KEYS.into()),
        _ => http::Response::new("no keys".into()),
    });
    let issuer = issuer.await.unwrap();
    let world = World::empty();
    let route = |path: &str, what: &str| {
        format!(
            "  {path}:\n    get:\n      x-tollgate: {{ {what} }}\n      responses: {{ \"200\": {{ description: ok }} }}\n"
        )
    };
    let tokens =
        |path: &str| format!("upstream: {0}, auth: {{ open-id-jwt-auth: {{ jwkUrl: \"{0}/{path}\" }} }}", issuer.url());
    let document = [
        "openapi: 3.1.0\ninfo: { title: Test, version: 1.0.0 }\npaths:\n".to_owned(),
        route("/script", "auth: public, handler: ./modules/busy.ts#default"),
        route("/good", &tokens("good")),
        route("/bad", &tokens("bad")),
    ];
    world.write("openapi.yaml", &document.concat());
    world.write(
        "modules/busy.ts",
        "export default async function () {\n  let sum = 0;\n  for (let n = 0; n < 200000; n++) sum += n;\n  return sum;\n}\n",
    );
    let gateway = world.start(&["run", "."]).await;
    // {"alg":"ES256","kid":"2"} {} and a signature that nobody has made.
    let token = format!("eyJhbGciOiJFUzI1NiIsImtpZCI6IjIifQ.e30.{}", "A".repeat(86));
    for path in ["/script", "/script", "/good", "/bad"] {
        gateway.get(path, Some(&token)).await;
    }
    let live = world.tollgate(&["top", "--output", "json", "--interval", "100ms"]).await.good().json();
    let script = &live["scripts"][0];
    assert_eq!(script["runs"], 2, "{live}");
    assert!(live["scriptThreads"]["threads"].as_u64().unwrap() > 0, "{live}");
    let sets = live["keySets"].as_array().unwrap();
    let (bad, good) = (&sets[0], &sets[1]);
    assert!(good["location"].as_str().unwrap().ends_with("/good") && good["error"].is_null(), "{live}");
    assert!((0.0..60.0).contains(&good["ageSeconds"].as_f64().unwrap()), "{live}");
    assert!(bad["ageSeconds"].is_null() && bad["error"].as_str().unwrap().contains("JSON"), "{live}");
    let text = world.tollgate(&["top", "--once", "--interval", "100ms"]).await.good().stdout;
    assert!(text.contains("AWAY") && text.contains("SCRIPT") && text.contains("busy.ts"), "{text}");
}

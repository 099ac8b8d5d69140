//! What a gateway holds on to.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::time::Duration;

use support::{SOON, World};
use tokio::time::Instant;

/// A line of `/proc/PID/status`, in KiB.
fn status(pid: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn document(operations: usize) -> String {
    let mut text = "openapi: 3.1.0\ninfo: { title: Test, version: 1.0.0 }\nx-tollgate: { upstream: \"http://127.0.0.1:1\", auth: api-key }\npaths:\n".to_owned();
    for number in 0..operations {
        text += &format!(
            "  /things{number}/{{id}}:\n    get:\n      operationId: thing{number}\n      summary: One of the many things that there are\n      parameters: [{{ name: id, in: path, required: true, schema: {{ type: string }} }}]\n      responses: {{ \"200\": {{ description: here it is }} }}\n"
        );
    }
    text
}

/// Waits until a gateway holds no more than so many KiB of memory that is not of files.
#[track_caller]
fn comes_down_to(pid: u32, most: u64) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let until = Instant::now() + SOON.min(Duration::from_secs(6));
        loop {
            let held = status(pid, "RssAnon:");
            if held <= most {
                return;
            }
            assert!(Instant::now() < until, "{held} KiB are held, and not {most} ({caller})");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Reading a project takes several times what it needs afterwards; a gateway that is idle from then on must not keep
/// that for hours.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_reading_a_project_took_is_given_back_although_nobody_comes() {
    let world = World::empty();
    world.write("openapi.yaml", &document(3000));
    let gateway = world.start(&["run"]).await;
    let pid = gateway.child.id().unwrap();
    let most = status(pid, "VmHWM:") - status(pid, "RssFile:");
    comes_down_to(pid, most / 2).await;
}

/// The project before is let go, and the memory of its reading as well, however often it is read again.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_reload_leaves_no_more_memory_behind_than_a_start() {
    let world = World::empty();
    world.write("openapi.yaml", &document(3000));
    let gateway = world.start(&["run"]).await;
    let pid = gateway.child.id().unwrap();
    let most = status(pid, "VmHWM:") - status(pid, "RssFile:");
    comes_down_to(pid, most / 2).await;
    let started = status(pid, "RssAnon:");
    const RELOADS: usize = 12;
    for count in 0..RELOADS {
        world.write("openapi.yaml", &document(3000 + (count + 1) % 2));
        world.tollgate(&["reload"]).await.good();
    }
    // Gaps between what is held, and what serving the reloads has taken, come to nearly as much again as the start held,
    // and do not grow (40 reloads end where 12 do). Each project that was kept would add a sixth of it.
    comes_down_to(pid, started * 5 / 2).await;
}

/// What only a start, or a time of traffic, needs of the program is not held while nobody comes.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_idle_gateway_lets_go_of_the_program_that_it_does_not_need() {
    let world = World::empty();
    world.write("openapi.yaml", &document(1));
    let gateway = world.start(&["run"]).await;
    let pid = gateway.child.id().unwrap();
    let busy = status(pid, "RssFile:");
    let until = Instant::now() + SOON;
    loop {
        let held = status(pid, "RssFile:");
        if held <= busy / 5 * 4 {
            break;
        }
        assert!(Instant::now() < until, "{held} KiB of files are held, of {busy} after the start");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

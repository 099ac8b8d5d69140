//! Lines to files.

use std::fs;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::World;
use crate::{Logging, soon};

const LINES: &str = "tollgate_access_log_sink_lines_total{sink=\"files.main\"}";
const DROPPED: &str = "tollgate_access_log_sink_dropped_total{sink=\"files.main\"}";
const UP: &str = "tollgate_access_log_sink_up{sink=\"files.main\"}";

fn log(world: &World, name: &str) -> PathBuf {
    world.data().join(name)
}

/// The lines of a file, compressed or not, each of which must be whole.
fn lines(path: &Path) -> Vec<Value> {
    let mut text = String::new();
    let file = fs::File::open(path).unwrap();
    match path.extension().is_some_and(|extension| extension == "gz") {
        true => flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap(),
        false => std::io::BufReader::new(file).read_to_string(&mut text).unwrap(),
    };
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

fn put_aside(world: &World) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(world.data())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("access.log.2"))
        .collect();
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_put_aside_by_size_compressed_and_removed_when_there_are_too_many() {
    let mut logging =
        Logging::start("{ stdout: false, files: { main: { path: access.log, rotateSize: 4KiB, keep: 2 } } }").await;
    logging.ask(60).await;
    logging.until(LINES, 60.0).await;
    logging.stop().await;
    let current = log(&logging.world, "access.log");
    assert_eq!(fs::metadata(&current).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(fs::metadata(&current).unwrap().len() <= 4096);
    // What the end of the process left undone, the next start does.
    let again = logging.world.start(&["run", "."]).await;
    let kept = soon("two compressed files", &again, || {
        Some(put_aside(&logging.world))
            .filter(|kept| kept.len() == 2 && kept.iter().all(|path| path.extension().unwrap() == "gz"))
    });
    for path in kept.await.iter().chain([&current]) {
        assert!(lines(path).iter().all(|line| line["route"] == "getOpen"), "{path:?}");
    }
    assert!(!logging.gateway.child.output().contains("\"v\":1"), "standard output is off");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_put_aside_by_age() {
    let logging = Logging::start("{ files: { main: { path: access.log, rotateEvery: 1s, gzip: false } } }").await;
    let aside = async {
        while put_aside(&logging.world).is_empty() {
            logging.ask(1).await;
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(crate::SOON, aside).await.unwrap();
    assert!(!lines(&put_aside(&logging.world)[0]).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_logrotate_moves_is_opened_again_by_itself_and_at_once_by_the_signal() {
    let logging = Logging::start("{ files: { main: { path: access.log } } }").await;
    let path = log(&logging.world, "access.log");
    logging.ask(2).await;
    logging.until(LINES, 2.0).await;
    fs::rename(&path, log(&logging.world, "access.log.1")).unwrap();
    logging.gateway.child.signal("USR1").await.unwrap();
    // The signal is on its way: what comes before it is in the file that was moved.
    let reached = async {
        while !path.exists() {
            logging.ask(1).await;
        }
    };
    tokio::time::timeout(crate::SOON, reached).await.unwrap();
    // Without a signal.
    fs::rename(&path, log(&logging.world, "access.log.2")).unwrap();
    let reached = async {
        while !path.exists() {
            logging.ask(1).await;
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(crate::SOON, reached).await.unwrap();
    let asked =
        logging.metric("tollgate_requests_total{route=\"getOpen\",method=\"GET\",status=\"2xx\",reason=\"ok\"}").await;
    logging.until(LINES, asked).await;
    let written: usize =
        ["access.log", "access.log.1", "access.log.2"].map(|name| lines(&log(&logging.world, name)).len()).iter().sum();
    assert!((written as f64 - asked).abs() < f64::EPSILON, "no line is lost: {written} of {asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_counted_and_told_once_and_traffic_does_not_notice() {
    let upstream = tollgate_testkit::CapturingUpstream::start().await.unwrap();
    let world = World::with_project(&upstream.url());
    fs::create_dir_all(world.data()).unwrap();
    fs::set_permissions(world.data(), fs::Permissions::from_mode(0o700)).unwrap();
    let path = log(&world, "access.log");
    symlink("/dev/full", &path).unwrap();
    world.write("tollgate.yaml", &crate::settings("{ files: { main: { path: access.log } } }"));
    let gateway = world.start(&["run", "."]).await;
    let logging = Logging { world, gateway, _upstream: upstream };
    logging.ask(5).await;
    logging.until(DROPPED, 5.0).await;
    assert!(logging.metric(UP).await < 0.5);
    logging.ask(5).await;
    logging.until(DROPPED, 10.0).await;
    let told = logging.gateway.child.output();
    assert_eq!(told.matches("cannot be written").count(), 1, "{told}");
    // There is room again.
    fs::remove_file(&path).unwrap();
    let recovered = async {
        while logging.metric(UP).await < 0.5 {
            logging.ask(1).await;
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(crate::SOON, recovered).await.unwrap();
    assert!(!lines(&path).is_empty());
}

//! The runtime module's own tests, which run under Node: `node --test` in `tests/runtime_js`.

use std::path::Path;
use std::process::Command;

#[test]
fn the_runtime_module_holds_its_guarantees_under_node() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/runtime_js");
    let run = Command::new("node").args(["--test", "--test-reporter=tap"]).current_dir(folder).output();
    let output = run.expect("these tests need Node 20 or newer as `node`");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("\n# fail 0"), "no test ran: {told}");
    assert!(!told.contains("\n# pass 0"), "no test ran: {told}");
}

//! Every transcript of every reference page runs as it is written.

use tollgate_testkit::transcript;

#[tokio::test]
async fn every_transcript_of_every_page_runs_as_written() {
    let mut failures = String::new();
    for kind in tollgate_policies::ALL {
        match transcript::run_page(kind).await {
            Ok(0) => failures.push_str(&format!("{}/docs.md has no transcript\n", kind.name)),
            Ok(_) => {}
            Err(error) => failures.push_str(&error),
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

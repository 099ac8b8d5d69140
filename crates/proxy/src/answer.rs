//! Answers that are made outside of a pipeline: before a route is known, or around it.

use tollgate_core::problem::ProblemContext;
use tollgate_core::record::{Record, Refusal};
use tollgate_core::{Problem, Response};

use crate::snapshot::Snapshot;

/// Notes a refusal that no policy spoke, and writes its answer.
pub(crate) fn refuse(snapshot: &Snapshot, record: &mut Record, id: &str, path: &str, mut problem: Problem) -> Response {
    record.refuse(Refusal {
        reason: problem.reason,
        stage: None,
        policy: None,
        cause: problem.cause.take(),
        detail: problem.detail.clone(),
    });
    let style = &snapshot.problems;
    let now = snapshot.services.clock.now();
    problem.into_response(&ProblemContext {
        request_id: id,
        instance: path,
        type_base: &style.type_base,
        trace: style.trace.as_deref().map(|snapshot| (now, snapshot)),
        explain: style.explain,
    })
}

//! What takes the processor for longer than a script's thread may be kept from other calls.

use std::sync::{Arc, LazyLock};

use rquickjs::{Ctx, Promise, Value};
use tokio::sync::Semaphore;

use super::failures::operation_error;
use crate::Failure;
use crate::engine;

/// How many of them run at once in this process: half of the processors stay free for requests. What
/// runs cannot be stopped; what waits for its turn ends with its call.
static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Arc::new(Semaphore::new((processors / 2).max(1)))
});

/// Runs a job on another thread, and gives the script a promise for what it makes.
///
/// # Errors
/// Where the call has too much under way, or was stopped: thrown into the script.
pub(super) fn elsewhere<'js, T: Send + 'static>(
    ctx: &Ctx<'js>,
    job: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    settle: impl for<'a> FnOnce(&Ctx<'a>, T) -> rquickjs::Result<Value<'a>> + 'static,
) -> rquickjs::Result<Promise<'js>> {
    let work = async move {
        let failed = || operation_error("the process is ending");
        let turn = Arc::clone(&TURNS).acquire_owned().await.map_err(|_| failed())?;
        let job = tokio::task::spawn_blocking(move || {
            let done = job();
            drop(turn);
            done
        });
        job.await.map_err(|_| failed())?
    };
    engine::promise(ctx, work, settle)
}

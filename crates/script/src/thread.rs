//! One script thread: takes jobs, keeps an engine for each generation, and runs calls until they wait.

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::num::NonZeroU64;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::call;
use crate::generation::Generation;
use crate::live::Live;
use crate::message::Failed;
use crate::outbox::Outbox;
use crate::pool::{Forgotten, Job, Outside, Thread};

/// Scripts yield to the gateway's workers: spinning ones would otherwise double the latency of routes
/// that have none.
const NICE: i32 = 10;

/// Where calls follow each other without a pause, those that wait for something have their turn after so
/// much time, replies go out, and engines go that are to go.
const TURN: Duration = Duration::from_micros(250);

/// A thread without work looks so often for contexts that may go, as long as it has any.
const LINGER: Duration = Duration::from_millis(200);

/// What a thread keeps of a generation: the engine that takes new calls.
struct Slot {
    generation: Arc<Generation>,
    live: RefCell<Rc<Live>>,
}

/// Starts a thread.
pub(crate) fn start(place: usize, queue: usize, outside: Arc<Outside>) -> io::Result<Thread> {
    let (sender, jobs) = mpsc::channel(queue);
    let forgotten = Arc::new(Forgotten::default());
    let busy = Arc::new(AtomicBool::new(false));
    let thread = Thread { jobs: sender, forgotten: Arc::clone(&forgotten), busy: Arc::clone(&busy) };
    // Without a driver of I/O: connections live on the gateway's workers, and to be woken is cheaper so.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    std::thread::Builder::new()
        .name(format!("script-{place}"))
        // Scripts have their own limit of stack; the rest is for Rust around them.
        .stack_size(80 << 20)
        .spawn(move || {
            // Only this thread: Linux keeps the niceness of each.
            let _ = rustix::process::setpriority_process(rustix::thread::gettid().into(), NICE);
            // The pauses of scripts that compute for long are short ones.
            let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1_000));
            tokio::task::LocalSet::new().block_on(&runtime, serve(jobs, &forgotten, outside, &busy));
        })?;
    Ok(thread)
}

async fn serve(mut jobs: mpsc::Receiver<Job>, forgotten: &Forgotten, outside: Arc<Outside>, computes: &AtomicBool) {
    let mut slots: HashMap<u64, Slot> = HashMap::new();
    let outbox = Rc::new(Outbox::new(Arc::clone(&outside)));
    outbox.attach();
    let mut busy = Duration::ZERO;
    loop {
        if busy >= TURN {
            busy = Duration::ZERO;
            outbox.flush();
            tokio::task::yield_now().await;
        }
        // What is there already is run first; only then do the replies go out.
        let job = match jobs.try_recv() {
            Ok(job) => job,
            Err(_) => {
                outbox.flush();
                match next(&mut jobs, forgotten, &slots).await {
                    Some(job) => job,
                    None => return,
                }
            }
        };
        computes.store(true, Ordering::Relaxed);
        let began = Instant::now();
        forget(forgotten, &slots);
        match job {
            Job::Load { generation, reply } => {
                let loaded = Live::load(&generation, &outside).await;
                let told = loaded.map(|(live, described)| {
                    let slot = Slot { generation: Arc::clone(&generation), live: RefCell::new(live) };
                    slots.insert(generation.id, slot);
                    described
                });
                let _ = reply.send(told);
            }
            Job::Call(call) => match engine_for(&mut slots, &call.generation, &outside).await {
                Ok(live) => run(call::run(live, *call, Rc::clone(&outbox)), &outbox),
                Err(why) => call::refuse(*call, Failed::Broken(why)),
            },
            Job::Unload { generation } => {
                if let Some(slot) = slots.remove(&generation) {
                    slot.live.borrow().retire();
                }
            }
        }
        computes.store(false, Ordering::Relaxed);
        busy += began.elapsed();
    }
}

/// Waits for something to do, and sees to it that contexts go a moment after their exchanges.
async fn next(jobs: &mut mpsc::Receiver<Job>, forgotten: &Forgotten, slots: &HashMap<u64, Slot>) -> Option<Job> {
    while slots.values().any(|slot| slot.live.borrow().has_contexts()) {
        match tokio::time::timeout(LINGER, jobs.recv()).await {
            Ok(job) => return job,
            Err(_) => forget(forgotten, slots),
        }
    }
    jobs.recv().await
}

/// Lets go of the contexts whose exchanges are over.
fn forget(forgotten: &Forgotten, slots: &HashMap<u64, Slot>) {
    for (generation, key) in forgotten.take() {
        if let Some(slot) = slots.get(&generation) {
            slot.live.borrow().forget(key);
        }
    }
}

/// The engine that takes the calls of a generation. One in which a limit was broken is replaced;
/// the calls that are under way in it finish there.
async fn engine_for(
    slots: &mut HashMap<u64, Slot>,
    generation: &Arc<Generation>,
    outside: &Arc<Outside>,
) -> Result<Rc<Live>, String> {
    if let Some(slot) = slots.get(&generation.id) {
        let live = Rc::clone(&slot.live.borrow());
        if !live.is_broken() {
            return Ok(live);
        }
        live.retire();
    }
    let loaded = Live::load(generation, outside).await;
    let (live, _) = loaded.map_err(|issues| {
        issues.first().map_or_else(String::new, |issue| format!("{}: {}", issue.place, issue.message))
    })?;
    let slot = Slot { generation: Arc::clone(generation), live: RefCell::new(Rc::clone(&live)) };
    slots.insert(slot.generation.id, slot);
    Ok(live)
}

/// Runs a call as far as it comes without waiting: most are done then, and need no task.
fn run(call: impl Future<Output = ()> + 'static, outbox: &Rc<Outbox>) {
    let mut call: Pin<Box<dyn Future<Output = ()>>> = Box::pin(call);
    let mut context = Context::from_waker(Waker::noop());
    if call.as_mut().poll(&mut context) == Poll::Pending {
        let outbox = Rc::clone(outbox);
        tokio::task::spawn_local(async move {
            call.await;
            outbox.flush();
        });
    }
}

//! Threads with room for deep recursion: a compiler goes down as deep as the code is nested, and code that
//! a program wrote may be nested deeper than an ordinary stack bears.

use std::{
    panic::resume_unwind,
    thread::{Builder, scope},
};

/// The size of a stack; memory that is not come to costs nothing.
const STACK: usize = 256 * 1024 * 1024;

/// What is worth a thread of its own.
const SHARE: usize = 8;

/// At most so many threads.
const THREADS: usize = 4;

/// Does work for every item, on threads with deep stacks, and gives the results in the items' order.
pub(crate) fn each<I: Sync, R: Send>(items: &[I], work: impl Fn(&I) -> R + Sync) -> Vec<R> {
    let threads = items.len().div_ceil(SHARE).clamp(1, THREADS);
    let share = items.len().div_ceil(threads).max(1);
    scope(|scope| {
        let started: Vec<_> = items
            .chunks(share)
            .map(|chunk| {
                let work = &work;
                let all = move || chunk.iter().map(work).collect::<Vec<R>>();
                // Where no thread can be had, the caller's own stack has to do.
                (chunk, Builder::new().stack_size(STACK).spawn_scoped(scope, all))
            })
            .collect();
        let results = started.into_iter().flat_map(|(chunk, thread)| match thread {
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(_) => chunk.iter().map(&work).collect(),
        });
        results.collect()
    })
}

/// Does one piece of work on a thread with a deep stack.
pub(crate) fn deep<R: Send>(work: impl Fn() -> R + Sync) -> R {
    scope(|scope| match Builder::new().stack_size(STACK).spawn_scoped(scope, &work) {
        Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
        Err(_) => work(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..100).collect();
        assert_eq!(each(&items, |item| item + 1), (1..101).collect::<Vec<_>>());
        assert_eq!(each(&[], |item: &usize| *item), [0; 0]);
    }
}

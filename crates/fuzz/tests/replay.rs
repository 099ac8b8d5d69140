//! Plays every corpus, and mutations of each entry that are always the same.

#![allow(clippy::unwrap_used, clippy::panic, reason = "in a test, a panic is the report")]

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use tollgate_fuzz::{TARGETS, Target};

const MUTATIONS: usize = 300;
/// Bytes that mean something to one of the targets.
const TELLING: &[u8] = b"/.%;\\:,\n\t\0 _-{}25eEfF";

fn corpus(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(name);
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

fn play(name: &str) {
    let target: Target = TARGETS.iter().find(|(known, _)| *known == name).unwrap().1;
    let corpus = corpus(name);
    assert!(corpus.len() >= 5, "the corpus of {name} is thin");
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for (path, bytes) in &corpus {
        target(bytes);
        for _ in 0..MUTATIONS {
            let mut mutated = bytes.clone();
            for _ in 0..=random.below(3) {
                mutate(&mut mutated, &mut random, &corpus);
            }
            if catch_unwind(|| target(&mutated)).is_err() {
                panic!("{}, as {:?} ({mutated:?})", path.display(), String::from_utf8_lossy(&mutated));
            }
        }
    }
}

fn mutate(bytes: &mut Vec<u8>, random: &mut Random, corpus: &[(PathBuf, Vec<u8>)]) {
    let at = random.below(bytes.len() + 1);
    match random.below(6) {
        0 => bytes.insert(at, TELLING[random.below(TELLING.len())]),
        1 if at < bytes.len() => drop(bytes.remove(at)),
        2 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
        3 => {
            let end = (at + random.below(8)).min(bytes.len());
            let piece = bytes[at..end].to_vec();
            bytes.splice(at..at, piece);
        }
        4 => {
            let other = &corpus[random.below(corpus.len())].1;
            let from = random.below(other.len() + 1);
            let to = (from + random.below(12)).min(other.len());
            bytes.splice(at..at, other[from..to].iter().copied());
        }
        _ => bytes.truncate(at.max(1)),
    }
}

/// xorshift64*: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap_or_default() % limit.max(1)
    }
}

#[test]
fn every_corpus_has_its_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let mut corpora: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let mut targets: Vec<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    corpora.sort();
    targets.sort();
    assert_eq!(corpora, targets);
}

#[test]
fn a_path_has_two_spellings_and_one_meaning() {
    play("path");
}

#[test]
fn a_head_holds_nothing_that_must_not_travel_on() {
    play("head");
}

#[test]
fn the_router_finds_what_a_naive_search_finds() {
    play("routes");
}

#[test]
fn nothing_passes_for_a_token_but_what_was_signed() {
    play("token");
}

#[test]
fn a_key_has_one_form_and_its_checksum_tells_mistakes() {
    play("api_key");
}

#[test]
fn an_answer_is_read_in_pieces_as_it_is_at_once() {
    play("answer");
}

#[test]
fn a_client_is_announced_in_one_reading() {
    play("proxy_protocol");
}

#[test]
fn a_request_is_read_in_pieces_as_it_is_at_once() {
    play("request");
}

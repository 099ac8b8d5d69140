//! Everything hostile in one heap: the cases of all files, and what becomes of them when bytes are
//! changed at random, always the same.

use std::collections::BTreeSet;

use crate::attack::Case;
use crate::*;

/// The byte streams of the cases.
pub(crate) fn cases() -> Vec<Vec<u8>> {
    let tables: &[&[Case]] = &[
        cve_2016_4553_two_hosts::CASES,
        cve_2017_7656_old_versions::CASES,
        cve_2018_8004_after_an_error::CASES,
        cve_2019_16276_space_before_colon::CASES,
        cve_2019_18277_te_disguise::CASES,
        cve_2019_20372_unread_bodies::CASES,
        cve_2020_10108_two_lengths::CASES,
        cve_2021_21299_te_list::CASES,
        cve_2021_32714_chunk_size_overflow::CASES,
        cve_2021_32715_numbers_that_are_none::CASES,
        cve_2021_41773_path_spellings::CASES,
        cve_2022_32213_te_not_quite_chunked::CASES,
        cve_2022_32214_bare_lf::CASES,
        cve_2022_32215_folded_lines::CASES,
        cve_2023_25690_encoded_line_ends::CASES,
        cve_2023_25725_empty_names::CASES,
        cve_2023_30589_bare_cr::CASES,
        cve_2023_46589_trailers::CASES,
        cve_2024_23452_cl_beside_te::CASES,
        cve_2025_22871_bare_lf_in_chunks::CASES,
        cve_2025_32094_expect::CASES,
        cve_2025_55315_chunk_extensions::CASES,
        h2c_smuggling::CASES,
    ];
    tables.iter().flat_map(|table| table.iter()).map(|case| case.bytes.to_vec()).collect()
}

/// The cases and `count` mutations of them. Each mutation asks for paths of its own, so that a
/// request can be told from all others.
pub(crate) fn mutated(count: usize) -> Vec<Vec<u8>> {
    let seeds = cases();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut streams: BTreeSet<Vec<u8>> = seeds.iter().cloned().collect();
    while streams.len() < seeds.len() + count {
        let mut bytes = random.pick(&seeds).clone();
        for _ in 0..=random.below(3) {
            mutate(&mut bytes, &mut random, &seeds);
        }
        streams.insert(bytes);
    }
    streams.into_iter().collect()
}

/// What hides in heads and bodies.
const PIECES: &[&[u8]] = &[
    b"\r",
    b"\n",
    b"\r\n",
    b"\r\n\r\n",
    b" ",
    b"\t",
    b"\x0b",
    b"\x00",
    b"\x7f",
    b"\x85",
    b"\xa0",
    b":",
    b";",
    b",",
    b"\"",
    b"0",
    b"1",
    b"a",
    b"+",
    b"-",
    b"0x",
    b"Content-Length: 5\r\n",
    b"Content-Length: 0\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: identity\r\n",
    b"Host: b\r\n",
    b"Connection: close\r\n",
    b"Connection: keep-alive\r\n",
    b"Connection: content-length\r\n",
    b"Expect: 100-continue\r\n",
    b"Upgrade: h2c\r\n",
    b"0\r\n\r\n",
    b"5\r\nhello\r\n",
    b"GET /s HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /s HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\n",
    b"/../",
    b"%2e%2e",
    b"%0d%0a",
    b"%00",
    b" HTTP/1.1",
    b" HTTP/1.0",
    b"HEAD ",
    b"\r\n folded",
];

fn mutate(bytes: &mut Vec<u8>, random: &mut Random, seeds: &[Vec<u8>]) {
    let at = random.below(bytes.len() + 1);
    match random.below(8) {
        0..=2 => drop(bytes.splice(at..at, random.pick(PIECES).iter().copied())),
        3 => {
            let end = (at + 1 + random.below(4)).min(bytes.len());
            bytes.drain(at.min(end)..end);
        }
        4 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        // A line twice, or two lines in the other order.
        5 => {
            let lines: Vec<Vec<u8>> = bytes.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
            let line = random.pick(&lines).clone();
            let at: usize = lines.iter().take(random.below(lines.len() + 1)).map(Vec::len).sum();
            bytes.splice(at..at, line);
        }
        6 => {
            if let Some(at) = bytes.windows(2).position(|pair| pair == b"\r\n").filter(|_| random.below(2) == 0) {
                bytes.remove(at + random.below(2));
            }
        }
        _ => bytes.extend(random.pick(seeds)),
    }
}

/// xorshift64*: the same stream of numbers on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap_or_default() % limit.max(1)
    }

    fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }
}

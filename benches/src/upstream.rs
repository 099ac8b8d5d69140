//! The backend behind every proxy: as cheap as it can be, so that it is never what limits.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;

use anyhow::Context;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use crate::http1::{Kind, Message, Reader};

const LISTENER: Token = Token(usize::MAX);
const SMALL: usize = 1024;
const BIG: usize = 10 * 1024 * 1024;

/// The answers, made once.
struct Answers {
    small: Vec<u8>,
    big: Vec<u8>,
}

impl Answers {
    fn new() -> Self {
        let of = |size: usize| {
            let mut answer =
                format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {size}\r\n\r\n").into_bytes();
            answer.resize(answer.len() + size, b'x');
            answer
        };
        Self { small: of(SMALL), big: of(BIG) }
    }
}

/// What a connection is writing.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Out {
    Nothing,
    Big(usize),
    Bytes(Vec<u8>, usize),
}

struct Client {
    stream: TcpStream,
    reader: Reader,
    out: Out,
}

/// Serves until it is killed.
pub(crate) fn serve(address: SocketAddr) -> anyhow::Result<()> {
    let mut listener = TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
    writeln!(io::stdout().lock(), "{}", listener.local_addr()?)?;
    let mut poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let answers = Answers::new();
    let mut clients: Vec<Option<Client>> = Vec::new();
    let mut free: Vec<usize> = Vec::new();
    let mut events = Events::with_capacity(1024);
    let mut scratch = vec![0; 256 * 1024];
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            result => result?,
        }
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((mut stream, _)) = listener.accept() {
                    let _ = stream.set_nodelay(true);
                    let index = free.pop().unwrap_or_else(|| {
                        clients.push(None);
                        clients.len() - 1
                    });
                    let both = Interest::READABLE | Interest::WRITABLE;
                    poll.registry().register(&mut stream, Token(index), both)?;
                    let client = Client { stream, reader: Reader::new(Kind::Request), out: Out::Nothing };
                    if let Some(place) = clients.get_mut(index) {
                        *place = Some(client);
                    }
                }
                continue;
            }
            let index = event.token().0;
            let Some(place) = clients.get_mut(index) else { continue };
            let Some(client) = place else { continue };
            if client.serve(&answers, &mut scratch).is_err() {
                *place = None;
                free.push(index);
            }
        }
    }
}

impl Client {
    /// Answers what is there; an error is the end of the connection.
    fn serve(&mut self, answers: &Answers, scratch: &mut [u8]) -> anyhow::Result<()> {
        self.flush(answers)?;
        let room = scratch.len();
        loop {
            let count = match self.stream.read(scratch) {
                Ok(0) => anyhow::bail!("closed"),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            let mut asked = Vec::new();
            self.reader.take(scratch.get(..count).unwrap_or_default(), |message| asked.push(message))?;
            for message in asked {
                self.answer(&message, answers)?;
            }
            if count < room {
                return Ok(());
            }
        }
    }

    fn answer(&mut self, message: &Message, answers: &Answers) -> io::Result<()> {
        if matches!(self.out, Out::Bytes(..) | Out::Big(_)) {
            // The proxies under test do not pipeline.
            return Err(io::Error::new(ErrorKind::Unsupported, "a request before the answer was taken"));
        }
        if message.target.starts_with("/big") {
            self.out = Out::Big(0);
            return self.flush(answers);
        }
        if message.target.starts_with("/echo") {
            let mut answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n",
                message.head.len()
            )
            .into_bytes();
            answer.extend_from_slice(&message.head);
            self.out = Out::Bytes(answer, 0);
            return self.flush(answers);
        }
        // The common case needs no copy.
        let written = match self.stream.write(&answers.small) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            result => result?,
        };
        if let Some(rest) = answers.small.get(written..).filter(|rest| !rest.is_empty()) {
            self.out = Out::Bytes(rest.to_vec(), 0);
        }
        Ok(())
    }

    fn flush(&mut self, answers: &Answers) -> io::Result<()> {
        loop {
            let (bytes, at) = match &mut self.out {
                Out::Nothing => return Ok(()),
                Out::Big(at) => (answers.big.as_slice(), at),
                Out::Bytes(bytes, at) => (bytes.as_slice(), at),
            };
            let rest = bytes.get(*at..).unwrap_or_default();
            if rest.is_empty() {
                self.out = Out::Nothing;
                return Ok(());
            }
            match self.stream.write(rest) {
                Ok(written) => *at += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

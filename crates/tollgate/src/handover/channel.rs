//! Lines of JSON, and descriptors beside them, on a socket between two processes.

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::{UnixListener, UnixStream};

use super::Word;

/// No message is longer.
const LONGEST: usize = 4 * 1024 * 1024;
/// As many descriptors as one message can carry (`SCM_MAX_FD`).
const DESCRIPTORS: usize = 253;
/// The longest path that a socket's address can hold.
const PATH: usize = 107;

/// One end of the conversation.
#[derive(Debug)]
pub(crate) struct Channel {
    stream: UnixStream,
    unread: Vec<u8>,
    descriptors: Vec<OwnedFd>,
}

impl Channel {
    /// Connects to whoever listens at a path; `None` where nobody does.
    pub(crate) async fn connect(path: &Path) -> io::Result<Option<Self>> {
        let (address, _folder) = address(path)?;
        match UnixStream::connect(address).await {
            Ok(stream) => Ok(Some(Self::new(stream))),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn new(stream: UnixStream) -> Self {
        Self { stream, unread: Vec::new(), descriptors: Vec::new() }
    }

    pub(crate) async fn say(&mut self, word: &Word) -> io::Result<()> {
        self.stream.write_all(&line(word)?).await
    }

    /// The same, with descriptors beside it.
    pub(crate) async fn say_with(&mut self, word: &Word, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        let line = line(word)?;
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
        let sent = self
            .stream
            .async_io(Interest::WRITABLE, || {
                let mut control = SendAncillaryBuffer::new(&mut space);
                if !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
                    return Err(io::Error::other("more listeners than one message can carry"));
                }
                Ok(sendmsg(&self.stream, &[IoSlice::new(&line)], &mut control, SendFlags::NOSIGNAL)?)
            })
            .await?;
        self.stream.write_all(&line[sent..]).await
    }

    /// The next message; `None` where the other side has ended.
    pub(crate) async fn hear(&mut self) -> io::Result<Option<Word>> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.unread) {
                let line: Vec<u8> = self.unread.drain(..=end).collect();
                return Ok(Some(serde_json::from_slice(&line)?));
            }
            if self.unread.len() > LONGEST {
                return Err(io::Error::other("a message without an end"));
            }
            let mut buffer = vec![0; 16 * 1024];
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
            let mut came = Vec::new();
            let read = self
                .stream
                .async_io(Interest::READABLE, || {
                    let mut control = RecvAncillaryBuffer::new(&mut space);
                    let mut into = [IoSliceMut::new(&mut buffer)];
                    let message = recvmsg(&self.stream, &mut into, &mut control, RecvFlags::CMSG_CLOEXEC)?;
                    for beside in control.drain() {
                        if let RecvAncillaryMessage::ScmRights(descriptors) = beside {
                            came.extend(descriptors);
                        }
                    }
                    Ok(message.bytes)
                })
                .await?;
            self.descriptors.append(&mut came);
            if read == 0 {
                return Ok(None);
            }
            self.unread.extend_from_slice(&buffer[..read]);
        }
    }

    /// The descriptors that have come until now.
    pub(crate) fn take_descriptors(&mut self) -> Vec<OwnedFd> {
        std::mem::take(&mut self.descriptors)
    }
}

fn line(word: &Word) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(word)?;
    line.push(b'\n');
    Ok(line)
}

/// Where a gateway listens for its successor.
#[derive(Debug)]
pub(crate) struct Door {
    listener: UnixListener,
    path: PathBuf,
    /// The inode of its file: once a successor has its own there, it is no longer ours to remove.
    inode: u64,
}

impl Door {
    /// Listens in the place of whoever did so before.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let draft = path.with_extension(format!("{}.tmp", std::process::id()));
        let _ = std::fs::remove_file(&draft);
        let (address, _folder) = address(&draft)?;
        let listener = UnixListener::bind(address)?;
        std::fs::set_permissions(&draft, std::fs::Permissions::from_mode(0o600))?;
        let inode = std::fs::metadata(&draft)?.ino();
        std::fs::rename(&draft, path)?;
        Ok(Self { listener, path: path.to_owned(), inode })
    }

    /// The next one who asks. Others than the owner of this process and root are not heard.
    pub(crate) async fn next(&self) -> io::Result<Channel> {
        let own = rustix::process::geteuid().as_raw();
        loop {
            let (stream, _) = self.listener.accept().await?;
            let uid = stream.peer_cred()?.uid();
            if uid == own || uid == 0 {
                return Ok(Channel::new(stream));
            }
            tracing::warn!(uid, "somebody who may not asked for the listening sockets");
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        if std::fs::metadata(&self.path).is_ok_and(|file| file.ino() == self.inode) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// What to call a path that may be too long for a socket's address: through a descriptor of its folder, which must
/// be held meanwhile.
fn address(path: &Path) -> io::Result<(PathBuf, Option<File>)> {
    if path.as_os_str().len() <= PATH {
        return Ok((path.to_owned(), None));
    }
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::other("no name for a socket"));
    };
    let folder = File::open(folder)?;
    Ok((Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name), Some(folder)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[tokio::test]
    async fn a_listening_socket_goes_to_the_other_side_and_is_the_same_there() {
        let folder = tempfile::tempdir().unwrap();
        // Longer than an address of a socket may be.
        let deep = folder.path().join("a".repeat(120));
        std::fs::create_dir(&deep).unwrap();
        let path = deep.join("handover.sock");
        let door = Door::open(&path).unwrap();
        let mut asking = Channel::connect(&path).await.unwrap().unwrap();
        let mut answering = door.next().await.unwrap();

        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let client = std::net::TcpStream::connect(socket.local_addr().unwrap()).unwrap();
        let offer = Word::Offer { pid: 1, version: "x".repeat(100_000), sockets: Vec::new() };
        let beside = [socket.as_fd()];
        let (said, heard) = tokio::join!(answering.say_with(&offer, &beside), asking.hear());
        said.unwrap();
        assert!(matches!(heard.unwrap(), Some(Word::Offer { version, .. }) if version.len() == 100_000));
        drop(socket);
        let came = std::net::TcpListener::from(asking.take_descriptors().pop().unwrap());
        let (accepted, _) = came.accept().unwrap();
        assert_eq!(accepted.peer_addr().unwrap(), client.local_addr().unwrap(), "it had been waiting in the queue");
        drop(answering);
        assert!(asking.hear().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_door_that_another_one_has_replaced_leaves_it_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("handover.sock");
        let first = Door::open(&path).unwrap();
        let second = Door::open(&path).unwrap();
        drop(first);
        assert!(Channel::connect(&path).await.unwrap().is_some());
        drop(second);
        assert!(Channel::connect(&path).await.unwrap().is_none());
        assert!(!path.exists());
    }
}

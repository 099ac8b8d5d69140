//! Who changes something by the command line: the user of the machine, as the audit log has it.

use tollgate_core::store::{Actor, ActorKind};

/// Whoever runs this command.
pub(crate) fn command_line() -> Actor {
    let uid = rustix::process::getuid().as_raw();
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = user_of(&users, uid).unwrap_or_else(|| format!("uid {uid}"));
    let origin = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Actor { kind: ActorKind::CommandLine, name, origin }
}

/// The user of this number, in the form of passwd(5).
fn user_of(users: &str, uid: u32) -> Option<String> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, _, number) = (fields.next()?, fields.next()?, fields.next()?);
        (number.parse() == Ok(uid) && !name.is_empty()).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_number() {
        let users = "root:x:0:0:root:/root:/bin/sh\nana:x:1000:1000::/home/ana:/bin/sh\nbroken\n";
        assert_eq!(user_of(users, 1000).as_deref(), Some("ana"));
        assert_eq!(user_of(users, 7), None);
    }
}

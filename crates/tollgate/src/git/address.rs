//! Where a project or a document lies in a repository: `git+https://host/repository.git#branch:path`.

use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use url::Url;

/// A project or a document in a repository. There may be a password in its URL, which nothing shows.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct GitAddress {
    /// As git takes it.
    url: String,
    /// `https`, `http`, `ssh` or `file`.
    scheme: &'static str,
    /// Who asks, and with which password, where that is not for ssh to say.
    login: Option<(String, String)>,
    /// As people may see it.
    place: String,
    /// What of it is secret.
    secrets: Vec<String>,
    branch: Option<String>,
    path: PathBuf,
}

/// The transports that are allowed: one that runs commands (`ext::`) is not among them.
const SCHEMES: [&str; 4] = ["https", "http", "ssh", "file"];

impl GitAddress {
    /// The URL of the repository, without a password: programs that git starts have it on their command lines.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// User and password.
    pub(crate) fn login(&self) -> Option<(&str, &str)> {
        self.login.as_ref().map(|(user, password)| (user.as_str(), password.as_str()))
    }

    /// Its transport, as git names it.
    pub(crate) const fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// What is followed: a branch or tag; what the repository is at where none is named.
    pub(crate) fn branch(&self) -> &str {
        self.branch.as_deref().unwrap_or("HEAD")
    }

    /// The folder of the project, or the document, in the repository.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Repository and branch alone: what one fetch brings.
    pub(super) fn without_path(&self) -> Self {
        let place = self.place.rsplit_once(':').filter(|_| !self.path.as_os_str().is_empty());
        let place = place.map_or(self.place.as_str(), |(place, _)| place).to_owned();
        Self { path: PathBuf::new(), place, ..self.clone() }
    }

    /// A text of git, without what is secret.
    pub(crate) fn redact(&self, text: &str) -> String {
        self.secrets.iter().fold(text.replace(&self.url, &self.place), |text, secret| text.replace(secret, "…"))
    }
}

impl FromStr for GitAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const FORM: &str =
            "expected git+https://HOST/REPOSITORY[#BRANCH[:PATH]], or the same with git+ssh:// or git+file://";
        let text = text.strip_prefix("git+").ok_or(FORM)?;
        let mut url = Url::parse(text).map_err(|error| format!("{FORM}: {error}"))?;
        let scheme = SCHEMES.into_iter().find(|scheme| *scheme == url.scheme()).ok_or(FORM)?;
        if url.path().len() < 2 || (scheme != "file" && url.host_str().is_none_or(str::is_empty)) {
            return Err(FORM.to_owned());
        }
        let fragment = url.fragment().map(|fragment| percent_decode_str(fragment).decode_utf8_lossy().into_owned());
        url.set_fragment(None);
        let (branch, path) =
            match fragment.as_deref().map(|fragment| fragment.split_once(':').unwrap_or((fragment, ""))) {
                Some((branch, path)) => (Some(branch).filter(|branch| !branch.is_empty()), path),
                None => (None, ""),
            };
        if let Some(branch) = branch.filter(|branch| !is_branch(branch)) {
            return Err(format!("`{}` is no name of a branch or tag", branch.escape_debug()));
        }
        let path = Path::new(path.trim_matches('/'));
        if !path.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(format!("`{}` is no path in a repository", path.display()));
        }
        let shown = shown(&url, scheme);
        let secrets = secrets(&url, scheme);
        let login = login(&url, scheme)?;
        let _ = url.set_password(None);
        if scheme != "ssh" {
            let _ = url.set_username("");
        }
        let place = match (branch, path.as_os_str().is_empty()) {
            (None, true) => shown,
            (branch, true) => format!("{shown}#{}", branch.unwrap_or_default()),
            (branch, false) => format!("{shown}#{}:{}", branch.unwrap_or_default(), path.display()),
        };
        Ok(Self {
            secrets,
            login,
            url: url.to_string(),
            scheme,
            place,
            branch: branch.map(str::to_owned),
            path: path.to_owned(),
        })
    }
}

/// With ssh, the user is a part of the address; with http it is a name or a token, and nobody needs to see it.
fn shown(url: &Url, scheme: &str) -> String {
    let mut shown = url.clone();
    let _ = shown.set_password(None);
    if scheme != "ssh" {
        let _ = shown.set_username("");
    }
    shown.set_query(None);
    shown.to_string()
}

/// What git is to say for itself where it is asked.
fn login(url: &Url, scheme: &str) -> Result<Option<(String, String)>, String> {
    if scheme == "ssh" || (url.username().is_empty() && url.password().is_none()) {
        return Ok(None);
    }
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let (user, password) = (decoded(url.username()), decoded(url.password().unwrap_or_default()));
    if user.chars().chain(password.chars()).any(char::is_control) {
        return Err("there is a control character in the user or password".to_owned());
    }
    Ok(Some((user, password)))
}

fn secrets(url: &Url, scheme: &str) -> Vec<String> {
    let user = Some(url.username()).filter(|user| scheme != "ssh" && !user.is_empty());
    let parts = [url.password(), user, url.query()];
    let both = |part: &str| [part.to_owned(), percent_decode_str(part).decode_utf8_lossy().into_owned()];
    parts.into_iter().flatten().flat_map(both).collect()
}

/// The rules of git for names of refs, as far as they keep one from being something else.
fn is_branch(name: &str) -> bool {
    let forbidden = |c: char| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(c);
    !name.starts_with(['-', '+', '/', '.']) && !name.contains("..") && !name.contains("@{") && !name.contains(forbidden)
}

impl fmt::Display for GitAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)
    }
}

impl fmt::Debug for GitAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GitAddress({})", self.place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_repository_branch_and_folder() {
        let read = |text: &str| {
            let address: GitAddress = text.parse().unwrap();
            (address.url.clone(), address.branch().to_owned(), address.path.display().to_string())
        };
        let of = |url: &str, branch: &str, folder: &str| (url.to_owned(), branch.to_owned(), folder.to_owned());
        assert_eq!(read("git+https://h/a.git"), of("https://h/a.git", "HEAD", ""));
        assert_eq!(read("git+https://h/a.git#main"), of("https://h/a.git", "main", ""));
        assert_eq!(read("git+ssh://git@h/a.git#main:apis/x"), of("ssh://git@h/a.git", "main", "apis/x"));
        assert_eq!(read("git+file:///srv/a#:apis/"), of("file:///srv/a", "HEAD", "apis"));
        assert_eq!(read("git+file:///srv/a#feature/x"), of("file:///srv/a", "feature/x", ""));
    }

    #[test]
    fn what_is_none_is_refused() {
        for wrong in [
            "https://h/a.git",
            "git+ext::sh",
            "git+ftp://h/a",
            "git+https://",
            "git+https://h/a#--upload-pack=x",
            "git+https://h/a#a..b",
            "git+https://h/a#main:../x",
            "git+https://h/a#main:a/../../x",
        ] {
            assert!(wrong.parse::<GitAddress>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn nobody_sees_a_password() {
        let address: GitAddress = "git+https://oauth2:hunter2%21@h/a.git#main".parse().unwrap();
        assert_eq!(address.to_string(), "https://h/a.git#main");
        assert_eq!((address.url(), address.login()), ("https://h/a.git", Some(("oauth2", "hunter2!"))));
        assert!("git+https://a:b%0Aquit=1@h/a.git".parse::<GitAddress>().is_err(), "git would read another line");
        assert_eq!(format!("{address:?}"), "GitAddress(https://h/a.git#main)");
        let told = address.redact("fatal: https://oauth2:hunter2%21@h/a.git: hunter2! is wrong for oauth2");
        assert!(!told.contains("hunter2") && !told.contains("oauth2"), "{told}");
        let token: GitAddress = "git+https://ghp_token@h/a.git".parse().unwrap();
        assert!(!token.to_string().contains("ghp_token"));
        let ssh: GitAddress = "git+ssh://git@h/a.git".parse().unwrap();
        assert_eq!(ssh.to_string(), "ssh://git@h/a.git");
    }
}

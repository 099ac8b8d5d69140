//! What is packed for others agrees with the binary: units, image, compose file, chart. Where the tools of a
//! platform are at hand they judge too; no test needs them.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stderr, reason = "what did not judge is told")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;
use serde_json::{Value, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The command line takes it.
#[track_caller]
fn is_understood(command: &[&str]) {
    let words = ["tollgate"].iter().chain(command);
    if let Err(error) = tollgate::cli::command().try_get_matches_from(words) {
        panic!("{command:?}: {error}");
    }
}

/// Every variable of the environment that the command line knows.
fn variables() -> BTreeSet<String> {
    fn walk(command: &clap::Command, into: &mut BTreeSet<String>) {
        into.extend(command.get_arguments().filter_map(|one| Some(one.get_env()?.to_str()?.to_owned())));
        command.get_subcommands().for_each(|command| walk(command, into));
    }
    let mut all = BTreeSet::new();
    walk(&tollgate::cli::command(), &mut all);
    all
}

fn has(program: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output().unwrap().status.success();
    if !found {
        eprintln!("there is no {program} on this machine: it does not judge");
    }
    found
}

/// `KEY=VALUE` lines of a unit, in their order.
fn settings(unit: &str) -> Vec<(String, String)> {
    let text = read(&format!("packaging/systemd/{unit}"));
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once('=')).map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn setting(unit: &str, key: &str) -> String {
    let found = settings(unit).into_iter().find(|(name, _)| name == key);
    found.unwrap_or_else(|| panic!("{unit} has no {key}")).1
}

#[test]
fn the_units_start_what_there_is_with_sockets_that_it_knows() {
    for key in ["ExecStart", "ExecReload"] {
        let command = setting("tollgate.service", key);
        let words: Vec<&str> = command.split(' ').collect();
        assert_eq!(words[0], "/usr/bin/tollgate");
        is_understood(&words[1..]);
        assert!(words.contains(&"/var/lib/tollgate"), "{command}");
    }
    let names: Vec<String> = ["tollgate.socket", "tollgate-management.socket"]
        .into_iter()
        .map(|unit| {
            assert!(setting("tollgate.service", "Sockets").contains(unit));
            assert_eq!(setting(unit, "Service"), "tollgate.service");
            assert!(setting(unit, "ListenStream").starts_with("127.0.0.1:"), "nothing is open to the world at once");
            setting(unit, "FileDescriptorName")
        })
        .collect();
    // What these names mean: tests/handover.rs.
    assert_eq!(names, ["data", "management"]);
    assert_eq!(setting("tollgate.service", "Type"), "notify");
    assert!(setting("tollgate.service", "RestartPreventExitStatus").contains("78"));
    assert_eq!(setting("tollgate.service", "StateDirectory"), "tollgate");
}

#[test]
fn the_service_manager_finds_nothing_wrong_with_the_units_and_little_exposed() {
    if !has("systemd-analyze") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(root().join("packaging/systemd")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "service" || ending == "socket") {
            let text = std::fs::read_to_string(&path).unwrap();
            // It wants the program to exist, and the page to be installed.
            let text = text.replace("/usr/bin/tollgate", env!("CARGO_BIN_EXE_tollgate"));
            let text = text.replace("Documentation=man:tollgate(1)\n", "");
            std::fs::write(folder.path().join(path.file_name().unwrap()), text).unwrap();
        }
    }
    let units =
        ["tollgate.service", "tollgate.socket", "tollgate-management.socket"].map(|unit| folder.path().join(unit));
    let verified = Command::new("systemd-analyze").arg("verify").arg("--man=no").args(&units).output().unwrap();
    let told = String::from_utf8_lossy(&verified.stderr).into_owned();
    let ours: Vec<&str> = told.lines().filter(|line| line.contains("tollgate")).collect();
    assert!(verified.status.success() && ours.is_empty(), "{told}");
    let judged = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--threshold=20"])
        .arg(&units[0])
        .output()
        .unwrap();
    assert!(judged.status.success(), "exposure above 2.0:\n{}", String::from_utf8_lossy(&judged.stdout));
}

#[test]
fn the_project_of_the_package_is_good_and_public_to_nobody() {
    let checked = Command::new(env!("CARGO_BIN_EXE_tollgate"))
        .args(["routes", "packaging/etc", "--output", "json"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    let routes: Value = serde_json::from_slice(&checked.stdout).unwrap();
    let routes = routes.as_array().unwrap();
    assert!(!routes.is_empty() && routes.iter().all(|route| route["authenticated"] == true), "{routes:?}");
}

/// The instructions of the image, continued lines joined.
fn instructions() -> Vec<(String, String)> {
    let text = read("packaging/container/Dockerfile").replace("\\\n", " ");
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (word, rest) = line.split_once(' ').unwrap();
            (word.to_owned(), rest.trim().to_owned())
        })
        .collect()
}

#[test]
fn everything_that_the_image_copies_is_there_and_everything_that_the_build_includes_is_copied() {
    const KNOWN: [&str; 13] = [
        "ARG",
        "FROM",
        "WORKDIR",
        "RUN",
        "COPY",
        "USER",
        "ENV",
        "EXPOSE",
        "VOLUME",
        "STOPSIGNAL",
        "HEALTHCHECK",
        "ENTRYPOINT",
        "CMD",
    ];
    let ignored = read("packaging/container/Dockerfile.dockerignore");
    let mut copied = Vec::new();
    for (word, rest) in instructions() {
        assert!(KNOWN.contains(&word.as_str()), "{word} {rest}");
        if word != "COPY" || rest.starts_with("--from") {
            continue;
        }
        let words: Vec<&str> = rest.split_whitespace().collect();
        for source in &words[..words.len() - 1] {
            assert!(root().join(source).exists(), "COPY {source}");
            assert!(ignored.lines().any(|line| line == format!("!{source}")), "{source} does not get to the engine");
            copied.push((*source).to_owned());
        }
    }
    let includes = Regex::new(r#"include_(?:str|bytes)!\(\s*"((?:\.\./){3,}([^"]+))""#).unwrap();
    let sources = Command::new("git").args(["ls-files", "crates/*.rs"]).current_dir(root()).output().unwrap();
    for file in String::from_utf8(sources.stdout).unwrap().lines() {
        // Neither is built for the binary.
        if file.starts_with("crates/fuzz/") || file.contains("/tests/") {
            continue;
        }
        for found in includes.captures_iter(&read(file)) {
            let path = root().join(file).parent().unwrap().join(&found[1]).canonicalize().unwrap();
            let path = path.strip_prefix(root()).unwrap().to_owned();
            assert!(copied.iter().any(|copied| path.starts_with(copied)), "{file} includes {}", path.display());
        }
    }
    let members = read("Cargo.toml");
    for folder in ["crates", "xtask", "benches"] {
        assert!(
            members.contains(folder) && copied.iter().any(|copied| copied == folder),
            "{folder} is in the workspace"
        );
    }
}

#[test]
fn the_image_runs_as_nobody_what_the_binary_understands() {
    let all = instructions();
    let last = |word: &str| all.iter().rev().find(|(name, _)| name == word).unwrap().1.clone();
    let script = read("packaging/container/rootfs.sh");
    let account = Regex::new(r"(?m)^account=(\d+)$").unwrap().captures(&script).unwrap()[1].to_owned();
    assert_eq!(last("USER"), format!("{account}:{account}"));
    assert_eq!(last("FROM"), "scratch");
    let list = |text: &str| serde_json::from_str::<Vec<String>>(text).unwrap();
    assert_eq!(list(&last("ENTRYPOINT")), ["/usr/bin/tollgate"]);
    let command = list(&last("CMD"));
    is_understood(&command.iter().map(String::as_str).collect::<Vec<_>>());
    let check = last("HEALTHCHECK");
    let check = list(check.split_once("CMD ").unwrap().1);
    is_understood(&check[1..].iter().map(String::as_str).collect::<Vec<_>>());
    let (known, environment) = (variables(), last("ENV"));
    let ports: BTreeSet<&str> = environment
        .split_whitespace()
        .filter_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap();
            assert!(known.contains(name), "{name}");
            if name == "TOLLGATE_DATA_DIR" {
                assert_eq!(value, last("VOLUME"));
            }
            name.ends_with("LISTEN").then(|| value.rsplit_once(':').unwrap().1)
        })
        .collect();
    assert_eq!(ports, last("EXPOSE").split_whitespace().collect());
    // The toolchain of the image is the one that the workspace asks for.
    let version =
        Regex::new(r#"rust-version = "([\d.]+)""#).unwrap().captures(&read("Cargo.toml")).unwrap()[1].to_owned();
    assert!(read("packaging/container/Dockerfile").contains(&format!("ARG RUST_VERSION={version}\n")));
}

#[test]
fn the_example_of_an_environment_names_what_is_read() {
    let known = variables();
    let name = Regex::new(r"(?m)^#?([A-Z][A-Z_]+)=").unwrap();
    let text = read("packaging/container/.env.example");
    let names: Vec<String> = name.captures_iter(&text).map(|found| found[1].to_owned()).collect();
    assert!(names.len() > 5);
    for name in names.iter().filter(|name| name.starts_with("TOLLGATE_")) {
        assert!(known.contains(name), "{name}");
    }
    for name in known {
        assert!(names.contains(&name), "{name} is not in .env.example");
    }
}

#[test]
fn the_compose_file_is_of_services_that_know_each_other() {
    let compose = yaml(&read("packaging/container/compose.yaml"));
    let services = compose["services"].as_object().unwrap();
    let gateways: Vec<&String> = services.keys().filter(|name| name.starts_with("gateway-")).collect();
    assert_eq!(gateways.len(), 2);
    let shared = &compose["x-gateway"];
    let folder = root().join("packaging/container");
    let context = folder.join(shared["build"]["context"].as_str().unwrap()).canonicalize().unwrap();
    assert_eq!(context, root());
    assert!(context.join(shared["build"]["dockerfile"].as_str().unwrap()).exists());
    let known = variables();
    let host = Regex::new(r"@?([a-z]+)(?::\d+)?(?:/tollgate)?$").unwrap();
    for (name, value) in shared["environment"].as_object().unwrap() {
        assert!(known.contains(name), "{name}");
        if name == "TOLLGATE_STORE" || name == "TOLLGATE_LIMITS" {
            let host = host.captures(value.as_str().unwrap()).unwrap()[1].to_owned();
            assert!(services.contains_key(&host), "{name} is at {host}");
        }
    }
    assert_eq!((&shared["read_only"], &shared["cap_drop"]), (&json!(true), &json!(["ALL"])));
    let (networks, volumes) = (compose["networks"].as_object().unwrap(), compose["volumes"].as_object().unwrap());
    assert_eq!(networks["inside"]["internal"], true);
    for (name, service) in services {
        let service = if gateways.contains(&name) { merged(shared, service) } else { service.clone() };
        for network in service["networks"].as_array().unwrap() {
            assert!(networks.contains_key(network.as_str().unwrap()), "{name}: {network}");
        }
        for volume in service["volumes"].as_array().unwrap() {
            let source = volume.as_str().unwrap().split(':').next().unwrap();
            let there = source.starts_with("${") || volumes.contains_key(source) || folder.join(source).exists();
            assert!(there, "{name}: {volume}");
        }
        for (other, _) in service["depends_on"].as_object().into_iter().flatten() {
            let gateway = other.starts_with("gateway-");
            assert!(gateway || services[other].get("healthcheck").is_some(), "{other} has no health to wait for");
        }
        assert!(gateways.contains(&name) || !service["image"].as_str().unwrap().ends_with(":latest"));
    }
    // The load balancer knows both, where they listen.
    let haproxy = read("packaging/container/haproxy.cfg");
    for gateway in gateways {
        assert!(haproxy.contains(&format!("server {gateway} {gateway}:9000\n")), "{gateway}");
    }
    assert!(haproxy.contains("httpchk GET /readyz") && haproxy.contains("check port 9001"));
    if has("haproxy") {
        let text = Regex::new(r"gateway-(\d):9000").unwrap().replace_all(&haproxy, "127.0.0.$1:9000").into_owned();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let judged = Command::new("haproxy").arg("-c").arg("-f").arg(file.path()).output().unwrap();
        assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stderr));
    }
}

/// What `<<` does, for a reader that leaves it alone.
fn merged(base: &Value, over: &Value) -> Value {
    let mut all = base.as_object().unwrap().clone();
    all.extend(over.as_object().unwrap().clone());
    Value::Object(all)
}

const CHART: &str = "packaging/helm/tollgate";

#[test]
fn the_values_of_the_chart_obey_its_schema_and_wrong_ones_do_not() {
    let schema: Value = serde_json::from_str(&read(&format!("{CHART}/values.schema.json"))).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    let validator = jsonschema::validator_for(&schema).unwrap();
    let values = yaml(&read(&format!("{CHART}/values.yaml")));
    let errors: Vec<String> = validator.iter_errors(&values).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    let mut several = values.clone();
    several["autoscaling"]["enabled"] = json!(true);
    assert!(!validator.is_valid(&several), "a claim is one pod's");
    several["persistence"]["enabled"] = json!(false);
    assert!(validator.is_valid(&several));
    for (pointer, wrong) in [
        ("/replicaCount", json!("two")),
        ("/image", json!({ "repository": "" })),
        ("/service", json!({ "tipe": "ClusterIP" })),
        ("/store", json!("sqlite:///data.db")),
        ("/project/files", json!({ "../outside": "" })),
        ("/serviceMonitor/interval", json!("often")),
    ] {
        let mut values = values.clone();
        *values.pointer_mut(pointer).unwrap() = wrong;
        assert!(!validator.is_valid(&values), "{pointer}");
    }
    // Every value is described: the schema is what completion shows.
    fn walk(values: &Value, schema: &Value, at: &str) {
        for (name, value) in values.as_object().unwrap() {
            let Some(described) = schema["properties"].get(name) else { panic!("{at}/{name} is not in the schema") };
            if value.is_object() && described.get("properties").is_some() {
                walk(value, described, &format!("{at}/{name}"));
            }
        }
    }
    walk(&values, &schema, "");
}

/// No rendering: that needs Helm. What can be said without: that every value, helper and block of the templates is
/// there, and that what they say of the gateway is so.
#[test]
fn the_templates_use_only_values_and_helpers_that_there_are() {
    let values = yaml(&read(&format!("{CHART}/values.yaml")));
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(root().join(CHART).join("templates")).unwrap() {
        let path = entry.unwrap().path();
        texts.push((path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(path).unwrap()));
    }
    let all: String = texts.iter().map(|(_, text)| text.as_str()).collect();
    let defined: BTreeSet<String> =
        Regex::new(r#"define "([^"]+)""#).unwrap().captures_iter(&all).map(|found| found[1].to_owned()).collect();
    let used = Regex::new(r"\.Values((?:\.[A-Za-z]+)+)").unwrap();
    let included = Regex::new(r#"include "([^"]+)""#).unwrap();
    let opening = Regex::new(r"\{\{-?\s*(if|with|range|define)\b").unwrap();
    let closing = Regex::new(r"\{\{-?\s*end\b").unwrap();
    let mut seen = BTreeSet::new();
    for (name, text) in &texts {
        for found in used.captures_iter(text) {
            let pointer = found[1].replace('.', "/");
            assert!(values.pointer(&pointer).is_some(), "{name}: .Values{} is not in values.yaml", &found[1]);
            seen.insert(pointer);
        }
        for found in included.captures_iter(text) {
            assert!(defined.contains(&found[1]), "{name}: no {}", &found[1]);
        }
        assert_eq!(opening.find_iter(text).count(), closing.find_iter(text).count(), "{name}: a block without an end");
        assert_eq!(text.matches("{{").count(), text.matches("}}").count(), "{name}");
    }
    // And no value is without an effect.
    fn leaves(value: &Value, at: &str, into: &mut Vec<String>) {
        match value.as_object() {
            Some(members) if !members.is_empty() => {
                members.iter().for_each(|(name, value)| leaves(value, &format!("{at}/{name}"), into));
            }
            _ => into.push(at.to_owned()),
        }
    }
    let mut all_values = Vec::new();
    leaves(&values, "", &mut all_values);
    for value in all_values {
        assert!(
            seen.iter().any(|seen| value == *seen || value.starts_with(&format!("{seen}/"))),
            "{value} does nothing"
        );
    }
    let deployment = texts.iter().find(|(name, _)| name == "deployment.yaml").unwrap().1.clone();
    let known = variables();
    for found in Regex::new(r"name: (TOLLGATE_[A-Z_]+)").unwrap().captures_iter(&deployment) {
        assert!(known.contains(&found[1]), "{}", &found[1]);
    }
    let account =
        Regex::new(r"account=(\d+)").unwrap().captures(&read("packaging/container/rootfs.sh")).unwrap()[1].to_owned();
    for needed in [
        format!("runAsUser: {account}"),
        "path: /livez".to_owned(),
        "path: /readyz".to_owned(),
        "readOnlyRootFilesystem: true".to_owned(),
        "drop: [ALL]".to_owned(),
    ] {
        assert!(deployment.contains(&needed), "{needed}");
    }
    let versions = yaml(&read(&format!("{CHART}/Chart.yaml")));
    assert_eq!(versions["appVersion"], env!("CARGO_PKG_VERSION"));
}

/// Where Helm is at hand (or `TOLLGATE_TEST_HELM` names it), the templates are rendered.
#[test]
fn where_helm_is_at_hand_the_chart_is_rendered_and_refuses_what_would_lose_keys() {
    let helm = std::env::var_os("TOLLGATE_TEST_HELM").unwrap_or_else(|| "helm".into());
    if !has(&helm.to_string_lossy()) {
        return;
    }
    let render = |set: &str| {
        let mut command = Command::new(&helm);
        command.args(["template", "gate", CHART, "--kube-version", "1.31"]).current_dir(root());
        if !set.is_empty() {
            command.args(["--set", set]);
        }
        command.output().unwrap()
    };
    for (set, kinds) in [
        ("", 7),
        ("store=postgres://a/b,persistence.enabled=false,replicaCount=3", 6),
        (
            "store=postgres://a/b,persistence.enabled=false,autoscaling.enabled=true,networkPolicy.enabled=true,serviceMonitor.enabled=true,ingress.enabled=true,ingress.hosts[0]=a.example,secrets.values.TOKEN=x",
            11,
        ),
    ] {
        let rendered = render(set);
        assert!(rendered.status.success(), "{}", String::from_utf8_lossy(&rendered.stderr));
        let text = String::from_utf8(rendered.stdout).unwrap();
        let documents: Vec<&str> = text.split("\n---\n").filter(|part| part.contains("kind:")).collect();
        assert_eq!(documents.len(), kinds, "{text}");
        for document in documents {
            assert!(yaml(document)["metadata"]["labels"]["app.kubernetes.io/name"] == "tollgate", "{document}");
        }
    }
    for set in ["replicaCount=2", "persistence.enabled=false", "store=postgres://a/b,replicaCount=2", "replicas=3"] {
        assert!(!render(set).status.success(), "{set}");
    }
}

/// The image without an engine: its root as the build makes it, entered as its account, nothing writable but the
/// data. Needs root for that.
#[test]
fn the_root_of_the_image_has_all_that_the_binary_needs() {
    if !rustix::process::geteuid().is_root()
        || !has("unshare")
        || !Path::new("/etc/ssl/certs/ca-certificates.crt").exists()
    {
        eprintln!("not tried: entering another root needs root, unshare and certificates");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("image");
    let made = Command::new(root().join("packaging/container/rootfs.sh"))
        .arg(env!("CARGO_BIN_EXE_tollgate"))
        .arg(&image)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    for file in ["openapi.yaml", "tollgate.yaml"] {
        std::fs::copy(root().join("packaging/etc").join(file), image.join("etc/tollgate").join(file)).unwrap();
    }
    let script = r#"
        set -eu
        mount --bind "$IMAGE" "$IMAGE" && mount -o remount,ro,bind "$IMAGE"
        mount -t tmpfs -o mode=0700,uid=65532,gid=65532 tmpfs "$IMAGE/var/lib/tollgate"
        inside() { chroot --userspec=65532:65532 "$IMAGE" /usr/bin/tollgate "$@"; }
        chroot --userspec=65532:65532 "$IMAGE" /usr/bin/tollgate run /etc/tollgate >"$OUT/log" 2>&1 & gateway=$!
        for _ in $(seq 200); do
            if inside healthcheck >"$OUT/health" 2>&1; then break; fi
            sleep 0.05
        done
        inside consumer create acme && inside key create acme >/dev/null && inside healthcheck
        kill "$gateway" && wait "$gateway"
    "#;
    let entered = Command::new("unshare")
        .args(["--mount", "--", "sh", "-c", script])
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("IMAGE", &image)
        .env("OUT", folder.path())
        .env("TOLLGATE_LISTEN", "127.0.0.1:0")
        .env("TOLLGATE_MANAGEMENT_LISTEN", "127.0.0.1:0")
        .env("TOLLGATE_DATA_DIR", "/var/lib/tollgate")
        .output()
        .unwrap();
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
    let told = String::from_utf8_lossy(&entered.stdout).into_owned();
    assert!(entered.status.success(), "{}\n{told}\n{log}", String::from_utf8_lossy(&entered.stderr));
    assert!(told.ends_with("ready\n"), "{told}");
    assert!(log.contains("\"stopped\""), "{log}");
}

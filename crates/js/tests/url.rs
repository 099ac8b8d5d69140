//! URLs and URL patterns against the data of web-platform-tests that the crates `url` and `urlpattern`
//! ship with, and what the standards leave to us. The data is read from the crates' sources, and no part
//! of it is kept here. What Node can judge is in `cases/url`.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may fail")]
#![allow(clippy::print_stdout, reason = "how many cases pass is worth knowing")]

mod support;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tollgate_js::Limits;
use tollgate_js::engine::{CallError, Stopped};

/// The folder of a crate's sources, as cargo has it.
fn sources_of(name: &str) -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--filter-platform", "host-tuple"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == name).unwrap();
    PathBuf::from(package["manifest_path"].as_str().unwrap()).parent().unwrap().to_owned()
}

/// What a test in JavaScript returns: how many cases there were, and of each that failed its name in
/// pieces and what came out.
#[derive(serde::Deserialize)]
struct Told(usize, Vec<(Vec<String>, String)>);

/// Runs a test in JavaScript over data that is JSON, under the name `data`.
fn run(name: &str, file: &str, test: &str) -> Told {
    let data = std::fs::read_to_string(sources_of(name).join(file)).unwrap();
    let limits = Limits { cpu: Duration::from_secs(60), wall: Duration::from_secs(60), ..Limits::default() };
    let told = support::eval_with(limits, &format!("const data = {data};\n{test}")).unwrap();
    serde_json::from_str(&told).unwrap()
}

/// Checks that exactly the known cases fail: one that is mended is to be noticed as well.
#[track_caller]
fn check(what: &str, count: usize, failures: &[(String, String)], known: &BTreeSet<String>) {
    println!("{what}: {} of {count} pass", count - failures.len());
    let failed: BTreeSet<_> = failures.iter().map(|(name, _)| name).collect();
    let new: Vec<_> = failures.iter().filter(|(name, _)| !known.contains(name)).collect();
    let mended: Vec<_> = known.iter().filter(|name| !failed.contains(name)).collect();
    assert!(new.is_empty() && mended.is_empty(), "{what}: fail: {new:#?}\nno longer fail: {mended:#?}");
}

/// The cases that the authors of the crate `url` know to fail: paths of `file:` URLs that begin with more
/// than one slash or with a drive, and paths that begin with two slashes where there is no host.
fn known_of_url(setters: bool) -> BTreeSet<String> {
    let list = std::fs::read_to_string(sources_of("url").join("tests/expected_failures.txt")).unwrap();
    // The crate's own runner has no setter of `href`.
    let here = |name: &&str| name.contains("> set ") == setters && !name.contains("> set href to <");
    list.lines().filter(here).map(str::to_owned).collect()
}

/// Each case of `urltestdata.json` and what `new URL` makes of it.
const URLS: &str = r#"
    const cases = data.filter((it) => typeof it === "object");
    const failures = [];
    for (const it of cases) {
        const name = it.base == null ? [it.input] : [it.input, it.base];
        const base = it.base ?? undefined;
        let url;
        try {
            url = new URL(it.input, base);
        } catch (error) {
            if (!it.failure) failures.push([name, String(error)]);
            continue;
        }
        if (it.failure) {
            failures.push([name, url.href]);
            continue;
        }
        if (!URL.canParse(it.input, base) || URL.parse(it.input, base).href !== url.href) failures.push([name, "canParse"]);
        for (const key of Object.keys(it)) {
            if (!(key in url)) continue;
            const value = key === "searchParams" ? String(url.searchParams) : url[key];
            if (value !== it[key]) {
                failures.push([name, `${key}: ${value}, and not ${it[key]}`]);
                break;
            }
        }
    }
    return [cases.length, failures];
"#;

/// Each case of `setters_tests.json`.
const SETTERS: &str = r#"
    const failures = [];
    let count = 0;
    for (const [attribute, cases] of Object.entries(data)) {
        if (attribute === "comment") continue;
        for (const it of cases) {
            count++;
            const name = [it.href, attribute, it.new_value];
            const url = new URL(it.href);
            try {
                url[attribute] = it.new_value;
            } catch (error) {
                failures.push([name, String(error)]);
                continue;
            }
            for (const [key, expected] of Object.entries(it.expected)) {
                if (url[key] !== expected) {
                    failures.push([name, `${key}: ${url[key]}, and not ${expected}`]);
                    break;
                }
            }
        }
    }
    return [count, failures];
"#;

#[test]
fn urls_are_read_as_the_standard_says() {
    let Told(count, failures) = run("url", "tests/urltestdata.json", URLS);
    let name = |pieces: Vec<String>| match pieces.as_slice() {
        [input, base] => format!("<{}> against <{}>", input.escape_default(), base.escape_default()),
        pieces => format!("<{}>", pieces[0].escape_default()),
    };
    let failures: Vec<_> = failures.into_iter().map(|(pieces, what)| (name(pieces), what)).collect();
    check("new URL", count, &failures, &known_of_url(false));
}

#[test]
fn components_are_set_as_the_standard_says() {
    let Told(count, failures) = run("url", "tests/setters_tests.json", SETTERS);
    let name = |pieces: Vec<String>| {
        format!("<{}> set {} to <{}>", pieces[0].escape_default(), pieces[1], pieces[2].escape_default())
    };
    let failures: Vec<_> = failures.into_iter().map(|(pieces, what)| (name(pieces), what)).collect();
    check("setters", count, &failures, &known_of_url(true));
}

/// Each case of `urlpatterntestdata.json`: what the components of the pattern are, and what it makes of
/// the input.
const PATTERNS: &str = r#"
    const NAMES = ["protocol", "username", "password", "hostname", "port", "pathname", "search", "hash"];
    // What a component of a dictionary, where it is given, says of those that are not.
    const BEFORE = {
        protocol: [], hostname: ["protocol"], port: ["protocol", "hostname"], username: [], password: [],
        pathname: ["protocol", "hostname", "port"],
        search: ["protocol", "hostname", "port", "pathname"],
        hash: ["protocol", "hostname", "port", "pathname", "search"],
    };
    const isObject = (value) => typeof value === "object" && value !== null;
    const throwsTypeError = (what) => {
        try {
            what();
            return false;
        } catch (error) {
            return error instanceof TypeError;
        }
    };
    const same = (a, b) => a === b || (isObject(a) && isObject(b) &&
        Object.keys({ ...a, ...b }).every((key) => Object.hasOwn(a, key) && Object.hasOwn(b, key) && same(a[key], b[key])));

    const expectedComponent = (it, name) => {
        const [pattern, second] = it.pattern;
        if (it.expected_obj?.[name] !== undefined) return it.expected_obj[name];
        if (it.exactly_empty_components?.includes(name)) return "";
        if (isObject(pattern) && pattern[name] !== undefined) return pattern[name];
        if (isObject(pattern) && BEFORE[name].some((before) => before in pattern)) return "*";
        const base = isObject(pattern) ? pattern.baseURL : typeof second === "string" ? second : undefined;
        if (base === undefined || name === "username" || name === "password") return "*";
        const value = new URL(base)[name];
        return name === "protocol" ? value.slice(0, -1) : name === "search" || name === "hash" ? value.slice(1) : value;
    };

    const wrong = (it) => {
        if (it.expected_obj === "error") {
            return throwsTypeError(() => new URLPattern(...it.pattern)) ? undefined : "does not throw";
        }
        const pattern = new URLPattern(...it.pattern);
        for (const name of NAMES) {
            const expected = expectedComponent(it, name);
            if (pattern[name] !== expected) return `${name}: ${pattern[name]}, and not ${expected}`;
        }
        const inputs = it.inputs ?? [];
        if (it.expected_match === "error") {
            const both = throwsTypeError(() => pattern.test(...inputs)) && throwsTypeError(() => pattern.exec(...inputs));
            return both ? undefined : "does not throw";
        }
        const matches = isObject(it.expected_match);
        if (pattern.test(...inputs) !== matches) return `test: ${!matches}`;
        const found = pattern.exec(...inputs);
        if (!matches) return found === null ? undefined : "exec finds something";
        if (found === null) return "exec finds nothing";
        const expectedInputs = it.expected_match.inputs ?? (inputs.length === 0 ? [{}] : inputs);
        if (!same(found.inputs, expectedInputs)) return `inputs: ${JSON.stringify(found.inputs)}`;
        for (const name of NAMES) {
            const groups = it.exactly_empty_components?.includes(name) ? {} : { 0: "" };
            const expected = structuredCopy(it.expected_match[name] ?? { input: "", groups });
            // The data writes `null` for a group that is not there.
            for (const key of Object.keys(expected.groups)) expected.groups[key] ??= undefined;
            if (!same(found[name], expected)) return `${name}: ${JSON.stringify(found[name])}`;
        }
    };
    const structuredCopy = (value) => JSON.parse(JSON.stringify(value));

    const failures = [];
    for (const it of data) {
        let what;
        try {
            what = wrong(it);
        } catch (error) {
            what = String(error);
        }
        if (what !== undefined) failures.push([[JSON.stringify(it.pattern), JSON.stringify(it.inputs ?? [])], what]);
    }
    return [data.length, failures];
"#;

#[test]
fn patterns_match_as_the_standard_says() {
    let Told(count, failures) = run("urlpattern", "src/testdata/urlpatterntestdata.json", PATTERNS);
    let failures: Vec<_> = failures.into_iter().map(|(pieces, what)| (pieces.join(" on "), what)).collect();
    check("URLPattern", count, &failures, &BTreeSet::new());
}

#[test]
fn groups_of_patterns_have_the_syntax_of_javascript() {
    let told = support::eval(
        r#"
        const group = (pathname, input, options) =>
            new URLPattern({ pathname }, options).exec({ pathname: input })?.pathname.groups ?? null;
        return [
            group("/:id((?=1)\\d+)", "/12"),
            group("/:id((?=1)\\d+)", "/21"),
            group("/:word((?<!-)[\\p{Lu}]+)", "/ABC"),
            group("/:a([[a-c]&&[b-z]])", "/b"),
            group("/v\\:\\:x,,/:id(\\d+)", "/v::x,,/1"),
            group("/Files/:name(A+)", "/fILES/aa", { ignoreCase: true }),
        ];
        "#,
    );
    let expected = r#"[{"id":"12"},null,{"word":"ABC"},{"a":"b"},{"id":"1"},{"name":"aa"}]"#;
    assert_eq!(told.unwrap(), expected);
}

#[test]
fn an_error_about_a_pattern_says_what_is_wrong() {
    for (code, why) in [
        ("new URLPattern('/a')", "without a base"),
        ("new URLPattern({ pathname: '/:a/:a' })", "duplicate name"),
        ("new URLPattern({ pathname: '/:id([)' })", "the regular expression of pathname"),
        ("new URLPattern({}, 'https://a')", "`baseURL`"),
    ] {
        let error = support::eval(&format!("return {code}")).unwrap_err().to_string();
        assert!(error.starts_with("TypeError: ") && error.contains(why), "{code}: {error}");
    }
}

#[test]
fn an_error_about_a_url_says_what_is_wrong_and_repeats_no_secret() {
    for (code, why) in [
        ("new URL('/secret')", "a relative URL needs a base"),
        ("new URL('https://user:secret@a:99999/')", "port"),
        ("new URL('https://a').href = 'https://[secret'", "IPv6"),
    ] {
        let error = support::eval(&format!("return {code}")).unwrap_err().to_string();
        assert!(error.starts_with("TypeError: Invalid URL: ") && error.contains(why), "{code}: {error}");
        assert!(!error.contains("secret"), "{error}");
    }
}

#[test]
fn a_costly_group_of_a_pattern_counts_against_the_budget() {
    let limits = Limits { cpu: Duration::from_millis(50), ..Limits::default() };
    let code = "return new URLPattern({ pathname: '/((?:a+)+)b' }).test({ pathname: `/${'a'.repeat(40)}` })";
    assert_eq!(support::eval_with(limits, code).unwrap_err(), CallError::Stopped(Stopped::Cpu));
}

#[test]
fn urls_that_are_kept_count_against_the_limit_of_memory() {
    let limits = Limits { cpu: Duration::from_secs(60), memory: 16 << 20, ..Limits::default() };
    let code =
        "const all = [], path = 'x'.repeat(100000); for (;;) all.push(new URL(`https://a/${all.length}/${path}`))";
    assert_eq!(support::eval_with(limits, code).unwrap_err(), CallError::Stopped(Stopped::Memory));
}

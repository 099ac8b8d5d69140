//! `tollgate snippet`: the verification code of the examples, for this gateway's issuer. The code
//! is what the example backends run, so that it is tested wherever they are.

use std::path::Path;

use tollgate_core::settings::{Settings, SigningAlgorithm};

use crate::cli::{SnippetArgs, SnippetKind};
use crate::loading::{self, ProjectSource};
use crate::{issuer_url, output};

const PYTHON_JOSE: &str = include_str!("../../../../examples/tornado/tollgate_jwt.py");
const PYJWT: &str = include_str!("../../../../examples/bottle/tollgate_jwt.py");
const TORNADO: &str = include_str!("../../../../examples/tornado/tollgate_tornado.py");
const BOTTLE: &str = include_str!("../../../../examples/bottle/tollgate_bottle.py");
const JOSE: &str = include_str!("../../snippets/jose.mjs");

/// What the code above has in the places that differ from gateway to gateway.
const ISSUER: &str = "\"http://127.0.0.1:9000/__tollgate/issuer\"";
const ALGORITHMS: &str = "ALGORITHMS = [\"RS256\"]";

pub(crate) async fn run(args: &SnippetArgs) -> anyhow::Result<()> {
    let settings = settings(args).await?;
    let issuer = args.issuer.clone().unwrap_or_else(|| issuer_url::of_settings(&settings, None));
    let algorithm = settings.issuer.algorithm;
    if let Some(note) = unsupported(args.kind, algorithm) {
        output::note(format!("note: {note}"));
    }
    output::raw(render(args.kind, issuer.trim_end_matches('/'), algorithm.as_str()));
    Ok(())
}

/// The settings of the project that is named, or of this folder where it is one; else the defaults.
async fn settings(args: &SnippetArgs) -> anyhow::Result<Settings> {
    let environment = &args.project.environment;
    if let Some(dir) = &args.project.dir {
        return Ok(crate::project_of(&ProjectSource::new(dir, environment)).await?.settings.clone());
    }
    let here = Path::new(".");
    if !loading::is_project(here) {
        return Ok(Settings::default());
    }
    let loaded = ProjectSource::new(here, environment).load_with_scripts().await?;
    if loaded.project.is_none() {
        output::note("note: the project in this folder has mistakes (see `tollgate check`); using the defaults");
    }
    Ok(loaded.project.map(|project| project.settings.clone()).unwrap_or_default())
}

fn unsupported(kind: SnippetKind, algorithm: SigningAlgorithm) -> Option<&'static str> {
    use SigningAlgorithm::{EdDSA, PS256, PS384, PS512};
    match (kind, algorithm) {
        (SnippetKind::Tornado | SnippetKind::PythonJose, EdDSA | PS256 | PS384 | PS512) => {
            Some("python-jose does not know this project's `issuer.algorithm`; use `tollgate snippet pyjwt`")
        }
        _ => None,
    }
}

fn render(kind: SnippetKind, issuer: &str, algorithm: &str) -> String {
    let code = match kind {
        SnippetKind::Tornado => join(PYTHON_JOSE, TORNADO),
        SnippetKind::Bottle => join(PYJWT, BOTTLE),
        SnippetKind::Pyjwt => PYJWT.to_owned(),
        SnippetKind::PythonJose => PYTHON_JOSE.to_owned(),
        SnippetKind::Jose => JOSE.to_owned(),
    };
    // A JSON string is a string literal in Python and in JavaScript.
    let issuer = serde_json::Value::from(issuer).to_string();
    code.replace(ISSUER, &issuer).replace(ALGORITHMS, &ALGORITHMS.replace("RS256", algorithm))
}

/// A Python module: its docstring, its imports, the rest.
struct Module<'a> {
    docstring: &'a str,
    imports: Vec<&'a str>,
    body: &'a str,
}

impl<'a> Module<'a> {
    fn split(text: &'a str) -> Self {
        let end = text[3..].find("\"\"\"").map_or(0, |at| at + 6);
        let (docstring, mut body) = text.split_at(end);
        let mut imports = Vec::new();
        loop {
            body = body.trim_start_matches('\n');
            match body.split_once('\n') {
                Some((line, rest)) if line.starts_with("import ") || line.starts_with("from ") => {
                    imports.push(line);
                    body = rest;
                }
                _ => break,
            }
        }
        Self { docstring, imports, body }
    }
}

/// One file out of the verification and what hangs it into a framework.
fn join(verification: &str, framework: &str) -> String {
    let (verification, framework) = (Module::split(verification), Module::split(framework));
    let imports = |wanted: fn(&&&str) -> bool| {
        let all = verification.imports.iter().chain(&framework.imports);
        all.filter(|line| !line.contains("tollgate_jwt")).filter(wanted).copied().collect::<Vec<_>>().join("\n")
    };
    format!(
        "{}\n\n{}\n\n{}\n\n{}\n\n\n{}",
        verification.docstring,
        imports(|line| line.starts_with("import ")),
        imports(|line| line.starts_with("from ")),
        verification.body.trim_end(),
        framework.body,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn every_snippet_pins_the_issuer_and_the_algorithm_it_is_asked_for() {
        for kind in SnippetKind::value_variants() {
            let code = render(*kind, "https://api.example.com/__tollgate/issuer", "ES256");
            assert!(code.contains("\"https://api.example.com/__tollgate/issuer\""), "{kind:?}");
            assert!(code.contains("ALGORITHMS = [\"ES256\"]"), "{kind:?}");
            assert!(!code.contains("127.0.0.1:9000"), "{kind:?}");
            assert!(!code.contains("RSAAlgorithm"), "{kind:?}: python-jose has no such thing");
        }
    }

    #[test]
    fn a_framework_snippet_is_one_file_that_needs_no_other() {
        for (kind, class) in
            [(SnippetKind::Tornado, "class GatewayHandler"), (SnippetKind::Bottle, "class GatewayPlugin")]
        {
            let code = render(kind, "http://x", "RS256");
            assert!(code.contains(class) && code.contains("def verify_header"), "{code}");
            assert!(!code.contains("tollgate_jwt"), "{code}");
            assert!(code.starts_with("\"\"\""), "{code}");
        }
    }
}

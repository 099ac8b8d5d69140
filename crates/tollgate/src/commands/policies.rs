//! `tollgate policies`

use anyhow::bail;
use serde_json::{Value, json};
use tollgate_core::PolicyKind;

use crate::cli::{Output, PoliciesArgs};
use crate::output::{self, Palette};

pub(crate) fn run(args: &PoliciesArgs) -> anyhow::Result<()> {
    let kinds = crate::catalog().policies;
    let Some(name) = &args.name else {
        if args.output == Output::Json {
            return output::json(&kinds.iter().map(|kind| describe(kind)).collect::<Vec<_>>());
        }
        let rows: Vec<Vec<String>> =
            kinds.iter().map(|kind| vec![kind.name.to_owned(), stands(kind), summary(kind)]).collect();
        output::line(output::table(Palette::stdout(), &["POLICY", "STANDS", "WHAT IT DOES"], &rows));
        output::note("\n`tollgate policies NAME` prints its page");
        return Ok(());
    };
    let Some(kind) = crate::catalog().policy(name) else {
        let nearest = kinds
            .iter()
            .map(|kind| kind.name)
            .max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
        bail!(
            "there is no policy `{name}`\n  help: did you mean `{}`? `tollgate policies` lists all",
            nearest.unwrap_or_default()
        );
    };
    match args.output {
        Output::Json => {
            let mut document = describe(kind);
            document["docs"] = json!(kind.docs);
            document["schema"] = kind.schema();
            output::json(&document)?;
        }
        Output::Text => {
            output::line(kind.docs.trim_end());
            let options = kind.schema();
            let fields = options["properties"].as_object();
            output::line("\n## Options\n");
            for (field, schema) in fields.into_iter().flatten() {
                let meaning = schema["description"].as_str().unwrap_or_default();
                output::line(format!("- `{field}`: {}", meaning.split_whitespace().collect::<Vec<_>>().join(" ")));
            }
            if fields.is_none_or(serde_json::Map::is_empty) {
                output::line("It has no options.");
            }
        }
    }
    Ok(())
}

fn describe(kind: &PolicyKind) -> Value {
    json!({
        "name": kind.name,
        "direction": kind.direction,
        "summary": summary(kind),
        "exports": kind.exports,
        "authenticates": kind.authenticates,
        "reasons": kind.reasons.iter().map(|reason| reason.name).collect::<Vec<_>>(),
    })
}

fn stands(kind: &PolicyKind) -> String {
    serde_json::to_value(kind.direction).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The first sentence below the title of its page.
fn summary(kind: &PolicyKind) -> String {
    let lines = kind.docs.lines().skip(1).map(str::trim).skip_while(|line| line.is_empty());
    let paragraph = lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    paragraph.split_once(". ").map_or(paragraph.as_str(), |(sentence, _)| sentence).trim_end_matches('.').to_owned()
}

//! Refuses GraphQL requests that ask for too much at once, or too deep.
//!
//! It measures the document alone: what a field costs the server it cannot know.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use tollgate_core::catalog::{BuildContext, BuildError, Configure, Direction, PolicyKind};
use tollgate_core::{Exchange, Fault, Flow, Policy, Problem, Reason, Request, Step};

use crate::graphql::{self, Cost, UNREADABLE};

/// It asks for too much.
pub static TOO_COMPLEX: Reason = Reason {
    name: "graphql.too_complex",
    code: "graphql-too-complex",
    status: 400,
    title: "Query Too Complex",
    fault: Fault::Client,
    meaning: "The GraphQL document asks for more fields, or for deeper ones, than the policy allows.",
    fix: "Ask for less at once; the answer says what was asked for and what is allowed.",
};

/// What the rest of the product knows about it.
pub static KIND: PolicyKind =
    PolicyKind::of::<ComplexityLimit>("graphql-complexity-limit", Direction::Inbound, include_str!("docs.md"))
        .exports(&["GraphQLComplexityLimitInboundPolicy"])
        .reasons(&[&TOO_COMPLEX, &UNREADABLE]);

/// How much may be asked for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    /// How many fields a request may ask for.
    use_complexity_limit: Option<ComplexityOptions>,
    /// How deep these may be.
    use_depth_limit: Option<DepthOptions>,
}

/// How many fields.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ComplexityOptions {
    /// The most fields. Default: no limit.
    complexity_limit: Option<u64>,
    /// Where the schema could be read. It has no effect: a document is measured without its schema.
    #[serde(rename = "endpointUrl")]
    _endpoint_url: Option<String>,
}

/// How deep.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DepthOptions {
    /// The most levels below the fields of an operation. Default: no limit.
    depth_limit: Option<u64>,
    /// Names of fields that count no level, nor what is below them.
    #[serde(default)]
    ignore: Vec<String>,
}

/// See the module.
#[derive(Debug)]
struct ComplexityLimit {
    complexity: Option<u64>,
    depth: Option<u64>,
    ignored: Vec<String>,
    limit: usize,
}

impl Configure for ComplexityLimit {
    type Options = Options;

    fn configure(options: Options, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        let complexity = options.use_complexity_limit.and_then(|options| options.complexity_limit);
        let (depth, ignored) =
            options.use_depth_limit.map_or((None, Vec::new()), |options| (options.depth_limit, options.ignore));
        if complexity.is_none() && depth.is_none() {
            return Err(BuildError::at("", "there is no limit, so that every request passes")
                .help("useComplexityLimit: { complexityLimit: 100 } or useDepthLimit: { depthLimit: 10 }"));
        }
        Ok(Self { complexity, depth, ignored, limit: context.settings.server.limits.buffered_body.as_usize() })
    }
}

impl Policy for ComplexityLimit {
    fn on_request<'a>(&'a self, exchange: &'a mut Exchange, request: &'a mut Request) -> Step<'a> {
        Step::later(async move {
            let documents = match graphql::documents(exchange, request, self.limit).await {
                Ok(documents) => documents,
                Err(problem) => return Flow::Refuse(problem),
            };
            // What is asked for at once is executed together.
            let mut whole = Cost::default();
            for document in &documents {
                match document.cost(&self.ignored) {
                    Ok(cost) => {
                        whole.complexity = whole.complexity.saturating_add(cost.complexity);
                        whole.depth = whole.depth.max(cost.depth);
                    }
                    Err(why) => {
                        return Problem::new(&UNREADABLE, "The GraphQL request cannot be read").caused_by(why).into();
                    }
                }
            }
            for (what, asked, allowed) in
                [("complexity", whole.complexity, self.complexity), ("depth", whole.depth, self.depth)]
            {
                if let Some(allowed) = allowed.filter(|allowed| asked > *allowed) {
                    return Problem::new(
                        &TOO_COMPLEX,
                        format!("The {what} of the request is {asked}, and at most {allowed} is allowed"),
                    )
                    .with(what, json!(asked))
                    .with("limit", json!(allowed))
                    .into();
                }
            }
            Flow::Continue
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::testing::{Room, refused, request, run};

    async fn send(options: Value, media: &str, body: &'static str) -> Flow {
        let room = Room::new();
        let policy = room.build(&KIND, options).unwrap();
        let mut asked = request(&[("content-type", media)]);
        *asked.method_mut() = http::Method::POST;
        *asked.body_mut() = tollgate_core::Body::full(body);
        run(&policy, &mut room.exchange(), &mut asked).await
    }

    #[tokio::test]
    async fn what_can_be_read_in_two_ways_is_refused() {
        let options = || json!({ "useDepthLimit": { "depthLimit": 1 } });
        for (media, body) in [
            ("application/json", r#"{"query":"{a}","query":"{a{b{c}}}"}"#),
            ("application/json", r#"{"query":"{a}","Query":"{a{b{c}}}"}"#),
            ("application/json", r#"[{"query":"{a}"},{"QUERY":"{a}"}]"#),
            ("application/json", r#"[[{"query":"{a}"}]]"#),
            ("application/json", r#""{a}""#),
            ("application/json", r#"{"query":1}"#),
            ("application/json", r#"{"id":"known"}"#),
            ("text/plain", "{a}"),
            ("application/octet-stream", "\u{0}"),
            ("application/graphql", "{a} {"),
        ] {
            let problem = refused(send(options(), media, body).await);
            assert_eq!(problem.reason.name, "graphql.unreadable", "{media} {body}");
        }
        for (media, body) in [
            ("application/x-www-form-urlencoded", "query=%7Ba%7Bb%7Bc%7D%7D%7D"),
            ("text/plain", r#"{"query":"{a{b{c}}}"}"#),
            ("application/graphql", "{a{b{c}}}"),
            (
                "multipart/form-data; boundary=x",
                "--x\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n{\"query\":\"{a{b{c}}}\"}\r\n--x--\r\n",
            ),
        ] {
            let problem = refused(send(options(), media, body).await);
            assert_eq!(problem.reason.name, "graphql.too_complex", "{media} {body}");
        }
    }

    #[test]
    fn a_policy_without_a_limit_is_a_mistake() {
        let room = Room::new();
        for options in [json!(null), json!({ "useDepthLimit": { "ignore": [] } })] {
            assert!(room.build(&KIND, options).is_err());
        }
    }
}

//! Finding the route of a path, held against a search that tries everything.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use tollgate_core::project::{Compatibility, CorsChoice, HandlerDefinition, Place, Timeouts, Use};
use tollgate_core::route::{Document, Methods, Operation, PathMode, PathTemplate, Route};
use tollgate_proxy::hygiene::path::canonicalise;
use tollgate_proxy::router::{Outcome, Router};

/// The bytes are a path and, on lines of their own, templates.
pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut lines = text.lines();
    let Some(Ok(paths)) = lines.next().map(canonicalise) else { return };
    let templates: Vec<_> = lines.take(16).collect();
    let routes: Vec<_> = templates.iter().map(|template| route(template)).collect();
    for document_order in [false, true] {
        let compatibility = Compatibility { document_order, ..Compatibility::native() };
        let Ok(router) = Router::new(&routes, &compatibility) else { return };
        let outcome = router.find("a.example", &Method::GET, &paths.matched);
        if let Outcome::Found(found) = &outcome {
            let Ok(params) = router.params(found) else { panic!("{:?} gives no parameters", paths.matched) };
            assert!(params.iter().all(|(_, value)| !value.is_empty()), "{:?}: {params:?}", paths.matched);
        }
        if !templates.iter().all(|template| is_simple(template)) {
            continue;
        }
        let fitting: Vec<_> = (0..templates.len()).filter(|index| fits(templates[*index], &paths.matched)).collect();
        match outcome {
            Outcome::Found(found) if document_order => assert_eq!(Some(&found.route), fitting.first(), "{text:?}"),
            Outcome::Found(found) => assert!(fitting.contains(&found.route), "{text:?} found {}", found.route),
            _ => assert!(fitting.is_empty(), "{text:?} found nothing, but {fitting:?} fit"),
        }
    }
}

/// Nothing in it has a meaning but slashes, and braces that open and close within a segment.
fn is_simple(template: &str) -> bool {
    template.bytes().all(|byte| byte.is_ascii_lowercase() || b"/{}-".contains(&byte))
        && template.split('/').all(|segment| {
            segment.split('{').skip(1).all(|part| part.matches('}').count() == 1)
                && segment.split('{').next().is_some_and(|literal| !literal.contains('}'))
        })
}

fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template.iter().zip(&path).all(|(template, segment)| segment_fits(template, segment))
}

/// Tries every length that a parameter may have.
fn segment_fits(template: &str, segment: &str) -> bool {
    let Some((literal, rest)) = template.split_once('{') else { return template == segment };
    let Some((_, template)) = rest.split_once('}') else { return false };
    segment
        .strip_prefix(literal)
        .is_some_and(|after| (1..=after.len()).any(|end| segment_fits(template, &after[end..])))
}

fn route(template: &str) -> Arc<Route> {
    let document = Document {
        name: String::new(),
        uri: String::new(),
        root: serde_json::Value::Null.into(),
        resources: Vec::new(),
        mount: String::new(),
    };
    Arc::new(Route {
        id: template.into(),
        place: Place::default(),
        template: PathTemplate { text: template.into(), mode: PathMode::OpenApi, rest: None },
        methods: Methods::Any,
        hosts: Vec::new(),
        inbound: Vec::new(),
        handler: HandlerDefinition {
            implementation: Use::BuiltIn("forward".to_owned()),
            options: serde_json::Value::Null,
            place: Place::default(),
        }
        .into(),
        outbound: Vec::new(),
        cors: CorsChoice::None,
        timeouts: Timeouts { connect: Duration::from_secs(5), first_byte: None, idle: None, total: None },
        operation: Operation { document: Arc::new(document), pointer: String::new() },
        upgrades: None,
        mcp: None,
        authenticated: false,
        internal: false,
    })
}

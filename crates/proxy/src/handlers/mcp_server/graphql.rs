//! GraphQL APIs: one tool that tells the schema, and one that executes queries.

use serde_json::{Map, Value, json};

use super::call::Answer;
use super::inputs::Given;
use super::schemas::ObjectSchema;

/// What asks a GraphQL API for its schema (GraphQL, October 2021, section 4).
const INTROSPECTION: &str = "query Introspection {
  __schema {
    queryType { name }
    mutationType { name }
    subscriptionType { name }
    types { ...Type }
    directives { name description locations args { ...Input } }
  }
}
fragment Type on __Type {
  kind
  name
  description
  fields(includeDeprecated: true) {
    name
    description
    args { ...Input }
    type { ...Reference }
    isDeprecated
    deprecationReason
  }
  inputFields { ...Input }
  interfaces { ...Reference }
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
  possibleTypes { ...Reference }
}
fragment Input on __InputValue { name description type { ...Reference } defaultValue }
fragment Reference on __Type {
  kind
  name
  ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } }
}";

/// One of the two tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Graphql {
    Introspect,
    Execute,
}

impl Graphql {
    /// Its name and its description, where nothing else is written.
    pub(super) const fn defaults(self) -> (&'static str, &'static str) {
        match self {
            Self::Introspect => (
                "graphql_introspect",
                "Tells the schema of the GraphQL API: its types, queries and mutations. Look at it before you execute a query.",
            ),
            Self::Execute => ("graphql_execute", "Executes a query or a mutation of the GraphQL API."),
        }
    }

    /// The schema of its arguments.
    pub(super) fn input(self) -> Value {
        let mut schema = ObjectSchema::default();
        if self == Self::Execute {
            let text = |description: &str| json!({ "type": "string", "description": description });
            schema.add("query", text("The document to execute, in the query language of GraphQL."), true);
            let variables = json!({ "type": "object", "description": "The values of the document's variables." });
            schema.add("variables", variables, false);
            schema.add(
                "operationName",
                text("Which operation of the document to execute, where it has several."),
                false,
            );
        }
        schema.closed()
    }

    /// The body of the request.
    pub(super) fn given(self, arguments: Map<String, Value>) -> Given {
        let body = match self {
            Self::Introspect => json!({ "query": INTROSPECTION, "operationName": "Introspection" }),
            Self::Execute => Value::Object(arguments),
        };
        Given { body: Some(body), ..Given::default() }
    }

    /// Whether nothing came of a query but errors.
    pub(super) fn failed(answer: &Answer) -> bool {
        answer.json().is_some_and(|answer| {
            answer.get("errors").is_some_and(|errors| !errors.is_null())
                && answer.get("data").is_none_or(Value::is_null)
        })
    }
}

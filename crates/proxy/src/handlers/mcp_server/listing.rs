//! From what is written of a server to what it offers. Everything that can be prepared is prepared here: lists are
//! texts, schemas are compiled, paths are read.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};
use tollgate_core::Route;
use tollgate_core::catalog::BuildError;
use tollgate_core::json_schema::LastDocument;
use tollgate_core::mcp::{McpKind, McpOperation, NamedTool};
use tollgate_core::project::Use;
use tollgate_core::route::{Document, Methods};

use super::call::Operation;
use super::graphql::Graphql;
use super::inputs::{Inputs, Layout};
use super::options::{Options, ToolInputStyle};
use super::path::Path;
use super::prompt::Prompt;
use super::resource::Resource;
use super::tool::{Form, Parts, Tool, output_schema};
use crate::handlers::HandlerContext;

/// What a server offers.
#[derive(Debug, Default)]
pub(super) struct Offer {
    pub(super) tools: HashMap<String, Tool>,
    pub(super) prompts: HashMap<String, Prompt>,
    /// By URI.
    pub(super) resources: HashMap<String, Resource>,
    /// The results of the three lists, written out.
    pub(super) lists: Lists,
}

/// The results of the lists.
#[derive(Debug)]
pub(super) struct Lists {
    pub(super) tools: String,
    pub(super) prompts: String,
    pub(super) resources: String,
}

impl Default for Lists {
    fn default() -> Self {
        let empty = |name: &str| json!({ name: [] }).to_string();
        Self { tools: empty("tools"), prompts: empty("prompts"), resources: empty("resources") }
    }
}

/// An operation that is asked for.
struct Wanted<'a> {
    route: &'a Arc<Route>,
    /// JSON pointer in the options.
    pointer: String,
    /// What it is, where it does not say so itself.
    kind: McpKind,
    /// Whether it was asked for by its id.
    named: bool,
}

/// Reads what a server offers, and adds everything that is wrong with that to `errors`.
pub(super) fn read(options: &Options, context: &HandlerContext<'_>, errors: &mut Vec<BuildError>) -> Offer {
    let mut reader = Reader {
        options,
        context,
        errors,
        documents: LastDocument::default(),
        offer: Offer::default(),
        listed: [Vec::new(), Vec::new(), Vec::new()],
        names: HashMap::new(),
    };
    for wanted in reader.wanted() {
        if let Err(mut error) = reader.offer(&wanted) {
            // Of a whole document, what cannot be offered is left out.
            if wanted.named {
                error.pointer = wanted.pointer;
                error.message = format!("`{}` cannot be offered: {}", wanted.route.id, error.message);
                reader.errors.push(error);
            }
        }
    }
    let [tools, prompts, resources] = reader.listed;
    reader.offer.lists = Lists {
        tools: json!({ "tools": tools }).to_string(),
        prompts: json!({ "prompts": prompts }).to_string(),
        resources: json!({ "resources": resources }).to_string(),
    };
    reader.offer
}

struct Reader<'a> {
    options: &'a Options,
    context: &'a HandlerContext<'a>,
    errors: &'a mut Vec<BuildError>,
    documents: LastDocument,
    offer: Offer,
    listed: [Vec<Value>; 3],
    /// Where each name was first used, by what it names.
    names: HashMap<(&'static str, String), String>,
}

impl<'a> Reader<'a> {
    /// The operations that are asked for, in the order of the options.
    fn wanted(&mut self) -> Vec<Wanted<'a>> {
        let mut all = Vec::new();
        let options = self.options;
        for (index, operation) in options.operations.iter().enumerate() {
            let pointer = format!("/operations/{index}");
            let document = match &operation.file {
                None => Some(&self.context.route.operation.document),
                Some(file) => self.document(file, format!("{pointer}/file")),
            };
            if let Some(document) = document {
                all.extend(self.named(document, &operation.id, McpKind::Tool, format!("{pointer}/id")));
            }
        }
        let lists = [
            ("files", McpKind::Tool, &options.files),
            ("tools", McpKind::Tool, &options.tools),
            ("prompts", McpKind::Prompt, &options.prompts),
            ("resources", McpKind::Resource, &options.resources),
        ];
        for (list, kind, files) in lists {
            for (index, file) in files.iter().enumerate() {
                let pointer = format!("/{list}/{index}");
                all.extend(self.of_file(&file.path, "path", file.operation_ids.as_deref(), kind, &pointer));
            }
        }
        for (index, file) in options.open_api_file_paths.iter().enumerate() {
            let pointer = format!("/openApiFilePaths/{index}");
            let ids = file.operation_ids.as_deref();
            all.extend(self.of_file(&file.file_path, "filePath", ids, McpKind::Tool, &pointer));
        }
        all
    }

    fn of_file(
        &mut self,
        path: &str,
        field: &str,
        ids: Option<&[String]>,
        kind: McpKind,
        pointer: &str,
    ) -> Vec<Wanted<'a>> {
        let Some(document) = self.document(path, format!("{pointer}/{field}")) else { return Vec::new() };
        match ids {
            Some(ids) => ids
                .iter()
                .enumerate()
                .filter_map(|(at, id)| self.named(document, id, kind, format!("{pointer}/operationIds/{at}")))
                .collect(),
            None => routes_of(self.context, document)
                .filter(|route| !is_server(route))
                .map(|route| Wanted { route, pointer: pointer.to_owned(), kind, named: false })
                .collect(),
        }
    }

    fn document(&mut self, path: &str, pointer: String) -> Option<&'a Arc<Document>> {
        let documents = &self.context.project.documents;
        let wanted = path.trim_start_matches("./");
        let found = documents.iter().find(|document| document.name.trim_start_matches("./") == wanted);
        if found.is_none() {
            let names: Vec<_> = documents.iter().map(|document| document.name.as_str()).collect();
            let error = BuildError::at(pointer, format!("`{path}` is no document of the project"));
            self.errors.push(error.help(format!("the documents are: {}", names.join(", "))));
        }
        found
    }

    fn named(&mut self, document: &'a Arc<Document>, id: &str, kind: McpKind, pointer: String) -> Option<Wanted<'a>> {
        let mut routes = routes_of(self.context, document);
        let Some(route) = routes.find(|route| operation_id(route).is_some_and(|known| known == id)) else {
            let ids: Vec<String> = routes_of(self.context, document).filter_map(operation_id).collect();
            let near = ids.iter().filter(|known| strsim::damerau_levenshtein(known, id) <= 3);
            let near = near.min_by_key(|known| strsim::damerau_levenshtein(known, id));
            let error = BuildError::at(pointer, format!("no operation of {} has the id `{id}`", document.name));
            self.errors.push(match near {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error.help(format!("its operations are: {}", ids.join(", "))),
            });
            return None;
        };
        if is_server(route) {
            let error = BuildError::at(pointer, format!("`{id}` is an MCP server, and no tool of one"));
            self.errors.push(error.help("list the operations that it offers"));
            return None;
        }
        Some(Wanted { route, pointer, kind, named: true })
    }

    fn offer(&mut self, wanted: &Wanted<'_>) -> Result<(), BuildError> {
        let route = wanted.route;
        let default = McpOperation::of(wanted.kind);
        let written = route.mcp.as_deref().unwrap_or(&default);
        if !written.enabled {
            return Ok(());
        }
        let kind = written.kind.unwrap_or(wanted.kind);
        let path = Path::new(&route.template).ok_or_else(|| {
            BuildError::at(
                "",
                format!("`{}` is a pattern, which no arguments can be written into", route.template.text),
            )
        })?;
        let references = self.documents.references(&route.operation.document)?;
        let pointer = &route.operation.pointer;
        let inputs = Inputs::of(&references, pointer, &path)?;
        let raw = references.spot(pointer).map(|spot| spot.value.clone()).unwrap_or_default();
        let name = written.name.clone().or_else(|| operation_id(route)).unwrap_or_else(|| made_up(route));
        let description = described(written.description.as_deref(), &raw, route);
        let longest = self.context.project.settings.server.limits.buffered_body.as_usize();
        match kind {
            McpKind::Tool => {
                let (input, layout) = inputs.schema(&references, self.options.tool_input_style)?;
                let output = match self.options.include_output_schema {
                    true => output_schema(&references, pointer)?,
                    false => None,
                };
                let operation = Arc::new(Operation::new(route, path, inputs, longest));
                let parts = Parts { name, description, input, operation, form: Form::Operation(layout) };
                self.add_tool(Tool::new(parts, output, self.options, written)?, wanted);
            }
            McpKind::Graphql => self.offer_graphql(wanted, written, path, inputs, longest)?,
            McpKind::Prompt => {
                let (schema, layout) = inputs.schema(&references, ToolInputStyle::Flat)?;
                if layout == Layout::Nested {
                    return Err(BuildError::at("", "two arguments of the prompt have one name"));
                }
                let operation = Arc::new(Operation::new(route, path, inputs, longest));
                let prompt = Prompt::new(name, description, (schema, layout), operation, written)?;
                if self.claim("prompts", &prompt.name, wanted) {
                    self.listed[1].push(prompt.listed.clone());
                    self.offer.prompts.insert(prompt.name.clone(), prompt);
                }
            }
            McpKind::Resource => {
                let is_get = matches!(&route.methods, Methods::Listed(methods) if methods.iter().all(|of| of == "GET"));
                if !is_get {
                    return Err(BuildError::at("", "a resource is read by GET")
                        .help("offer it as a tool, or another operation as the resource"));
                }
                if path.names().next().is_some() {
                    return Err(BuildError::at("", "a resource has one URI, and its path has parameters")
                        .help("offer it as a tool"));
                }
                let operation = Arc::new(Operation::new(route, path, inputs, longest));
                let resource = Resource::new(name, &description, operation, written);
                if self.claim("resources", &resource.name, wanted) && self.claim("URIs", &resource.uri, wanted) {
                    self.listed[2].push(resource.listed.clone());
                    self.offer.resources.insert(resource.uri.clone(), resource);
                }
            }
        }
        Ok(())
    }

    fn offer_graphql(
        &mut self,
        wanted: &Wanted<'_>,
        written: &McpOperation,
        path: Path,
        mut inputs: Inputs,
        longest: usize,
    ) -> Result<(), BuildError> {
        if path.names().next().is_some() {
            return Err(BuildError::at("", "a GraphQL API has one path, and this one has parameters"));
        }
        inputs.take_json();
        let operation = Arc::new(Operation::new(wanted.route, path, inputs, longest));
        let none = NamedTool::default();
        for (graphql, named) in
            [(Graphql::Introspect, &written.introspection_tool), (Graphql::Execute, &written.execute_tool)]
        {
            let named = named.as_ref().unwrap_or(&none);
            let (name, description) = graphql.defaults();
            let parts = Parts {
                name: named.name.clone().unwrap_or_else(|| name.to_owned()),
                description: named.description.clone().unwrap_or_else(|| description.to_owned()),
                input: graphql.input(),
                operation: Arc::clone(&operation),
                form: Form::Graphql(graphql),
            };
            self.add_tool(Tool::new(parts, None, self.options, written)?, wanted);
        }
        Ok(())
    }

    fn add_tool(&mut self, tool: Tool, wanted: &Wanted<'_>) {
        if self.claim("tools", &tool.name, wanted) {
            self.listed[0].push(tool.listed.clone());
            self.offer.tools.insert(tool.name.clone(), tool);
        }
    }

    /// Takes a name; it is an error where it is taken.
    fn claim(&mut self, of: &'static str, name: &str, wanted: &Wanted<'_>) -> bool {
        let key = (of, name.to_owned());
        if let Some(first) = self.names.get(&key) {
            let message = format!("two {of} are called `{name}`: this one, and that of `{first}` in these options");
            let help = "offer each operation once, and give one of two another name under `mcp` in its operation";
            self.errors.push(BuildError::at(wanted.pointer.clone(), message).help(help));
            return false;
        }
        self.names.insert(key, wanted.pointer.trim_start_matches('/').to_owned());
        true
    }
}

fn routes_of<'a>(context: &'a HandlerContext<'_>, document: &'a Arc<Document>) -> impl Iterator<Item = &'a Arc<Route>> {
    context.project.routes.iter().filter(move |route| Arc::ptr_eq(&route.operation.document, document))
}

fn is_server(route: &Arc<Route>) -> bool {
    matches!(&route.handler.implementation, Use::BuiltIn(name) if name == super::KIND.name)
}

fn operation_id(route: &Arc<Route>) -> Option<String> {
    let id = route.operation.raw()?.get("operationId")?.as_str().map(str::to_owned);
    id.filter(|id| !id.is_empty())
}

/// A name of what has none: `get_users_id`.
fn made_up(route: &Route) -> String {
    let method = match &route.methods {
        Methods::Listed(methods) => methods.first().map_or("any", |method| method.as_str()).to_ascii_lowercase(),
        Methods::Any => "any".to_owned(),
    };
    let words = route.template.text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    std::iter::once(method.as_str()).chain(words).collect::<Vec<_>>().join("_")
}

fn described(written: Option<&str>, raw: &Value, route: &Route) -> String {
    let text = |name: &str| raw.get(name).and_then(Value::as_str);
    [written, text("description"), text("summary")]
        .into_iter()
        .flatten()
        .find(|text| !text.trim().is_empty())
        .map_or_else(|| format!("Calls {}", route.template.text), str::to_owned)
}

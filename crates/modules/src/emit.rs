//! Writes the texts that an engine loads, once all is known.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::{
    commonjs::{self, BODY, Face, Link, NODE_FACE, RUNTIME, RUNTIME_SOURCE},
    errors::Complaint,
    graph::{Artifact, Imports},
    helpers,
    module::{Body, Module, Target},
    positions::Origin,
};

/// What the modules become.
pub(crate) struct Emitter<'e> {
    pub(crate) modules: &'e [Module],
    pub(crate) broken: &'e [bool],
    /// Names that faces must export, beside those that are known.
    pub(crate) asked: &'e BTreeMap<usize, BTreeSet<String>>,
    pub(crate) exports: &'e [BTreeSet<String>],
}

impl Emitter<'_> {
    /// All texts, by their ids.
    pub(crate) fn emit(&self) -> HashMap<String, Artifact> {
        let mut artifacts: HashMap<String, Artifact> = HashMap::new();
        for (index, module) in self.modules.iter().enumerate().filter(|(index, _)| self.is_usable(*index)) {
            for (id, artifact) in self.module(index, module) {
                artifacts.insert(id, artifact);
            }
        }
        let generated = |text: &str| Artifact { text: text.into(), ..Artifact::default() };
        artifacts.insert(RUNTIME.to_owned(), generated(RUNTIME_SOURCE));
        for (id, text) in helpers::SOURCES {
            artifacts.insert(id.to_owned(), generated(text));
        }
        artifacts
    }

    fn is_usable(&self, index: usize) -> bool {
        !self.broken.get(index).copied().unwrap_or(true)
    }

    fn module(&self, index: usize, module: &Module) -> Vec<(String, Artifact)> {
        let id = module.id.clone();
        let exports: Vec<String> = self.exports.get(index).into_iter().flatten().cloned().collect();
        let origin = |prelude: usize, mappings: &Option<_>| {
            Some(Origin { file: id.clone(), prelude: prelude as u32, mappings: mappings.clone() })
        };
        match &module.body {
            Body::Module { code, mappings, uses_require, .. } => {
                let mut imports = self.imports(module);
                let prelude = if *uses_require {
                    let links = self.links(module, &mut imports);
                    commonjs::require_prelude(&id, &links)
                } else {
                    String::new()
                };
                let origin = origin(prelude.len(), mappings);
                let text = if prelude.is_empty() { code.as_str().into() } else { format!("{prelude}{code}").into() };
                vec![(id, Artifact { text, origin, imports, exports, script: None, by_name: by_name(module) })]
            }
            Body::CommonJs { code, mappings, undeclared, sloppy, .. } => {
                let mut imports = self.imports(module);
                let links = self.links(module, &mut imports);
                let body = if *sloppy {
                    let script = commonjs::script(code, undeclared);
                    let origin = origin(script.prelude, mappings);
                    let text = commonjs::scripted_body(&id, &links).into();
                    Artifact { text, script: Some(script.text.into()), origin, imports, ..Artifact::default() }
                } else {
                    let wrapped = commonjs::body(&id, code, &links, undeclared);
                    let origin = origin(wrapped.prelude, mappings);
                    Artifact { text: wrapped.text.into(), origin, imports, ..Artifact::default() }
                };
                let names = self.face_names(index);
                let mut all = self.faces(&id, &names, &exports);
                all.push((format!("{id}{BODY}"), body));
                all
            }
            Body::Json(text) => {
                let names = self.asked.get(&index).cloned().unwrap_or_default();
                let face = Artifact { text: commonjs::json_face(text, &names).into(), exports, ..Artifact::default() };
                let mut all = vec![(id.clone(), face)];
                if self.is_required(index) {
                    all.push((format!("{id}{BODY}"), body_without_requests(commonjs::json_body(&id, text))));
                }
                all
            }
            Body::Empty => {
                let mut all = self.faces(&id, &self.face_names(index), &exports);
                let wrapped = commonjs::body(&id, "", &[], &[]);
                all.push((format!("{id}{BODY}"), body_without_requests(wrapped.text)));
                all
            }
            Body::Broken => Vec::new(),
        }
    }

    fn face_names(&self, index: usize) -> BTreeSet<String> {
        let known = self.exports.get(index).into_iter().flatten();
        known.chain(self.asked.get(&index).into_iter().flatten()).cloned().collect()
    }

    fn faces(&self, id: &str, names: &BTreeSet<String>, exports: &[String]) -> Vec<(String, Artifact)> {
        let face = |suffix: &str, kind| {
            let imports = Imports::from([known(RUNTIME), known(&format!("{id}{BODY}"))]);
            let text = commonjs::face(id, kind, names).into();
            (format!("{id}{suffix}"), Artifact { text, imports, exports: exports.to_vec(), ..Artifact::default() })
        };
        vec![face("", Face::Marked), face(NODE_FACE, Face::Node)]
    }

    /// Whether a `require` leads to a module.
    fn is_required(&self, index: usize) -> bool {
        let edges = self.modules.iter().flat_map(|module| &module.edges);
        edges.into_iter().any(|edge| !edge.request.kind.is_import() && edge.target.module() == Some(index))
    }

    /// What the engine finds for the specifiers that it asks for from a module.
    fn imports(&self, module: &Module) -> Imports {
        let mut imports = Imports::new();
        for edge in module.edges.iter().filter(|edge| edge.request.kind.is_import()) {
            let specifier = edge.request.specifier.clone();
            match &edge.target {
                Target::Host => {}
                Target::Helper => drop(imports.insert(specifier.clone(), Ok(specifier))),
                Target::Absent(error) => {
                    let complaint = Complaint { message: error.message.clone(), help: error.help.clone() };
                    imports.insert(specifier, Err(complaint.sentence()));
                }
                Target::Module(target) => {
                    imports.insert(specifier, self.imported(module, *target));
                }
            }
        }
        imports
    }

    fn imported(&self, importer: &Module, target: usize) -> Result<String, String> {
        let module = self.modules.get(target).filter(|_| self.is_usable(target));
        let Some(module) = module else { return Err(self.why_not(target)) };
        let with_face = matches!(module.body, Body::CommonJs { .. } | Body::Empty);
        let suffix = if with_face && importer.is_node_module() { NODE_FACE } else { "" };
        Ok(format!("{}{suffix}", module.id))
    }

    /// Where the `require` calls of a module lead; `imports` learns of what they need.
    fn links(&self, module: &Module, imports: &mut Imports) -> Vec<(String, Link)> {
        imports.extend([known(RUNTIME)]);
        let mut links = Vec::new();
        for edge in module.edges.iter().filter(|edge| !edge.request.kind.is_import()) {
            let specifier = edge.request.specifier.clone();
            let link = match &edge.target {
                Target::Host => Link::Host(specifier.clone()),
                Target::Helper => {
                    imports.extend([known(&specifier)]);
                    Link::Module(specifier.clone())
                }
                Target::Absent(error) => Link::Absent(error.message.clone()),
                Target::Module(target) => match self.modules.get(*target).filter(|_| self.is_usable(*target)) {
                    None => Link::Absent(self.why_not(*target)),
                    Some(module) if matches!(module.body, Body::Module { .. }) => {
                        imports.extend([known(&module.id)]);
                        Link::Module(module.id.clone())
                    }
                    Some(module) => {
                        imports.extend([known(&format!("{}{BODY}", module.id))]);
                        Link::Body(module.id.clone())
                    }
                },
            };
            links.push((specifier, link));
        }
        links
    }

    /// Why a module that is there cannot be used: its first mistake, or that of one that it imports.
    fn why_not(&self, index: usize) -> String {
        let mistakes = crate::link::mistakes(self.modules, [index]);
        let id = self.modules.get(index).map_or("it", |module| module.id.as_str());
        match mistakes.first() {
            Some(mistake) => format!("{id} cannot be loaded: {mistake}"),
            None => format!("{id} cannot be loaded"),
        }
    }
}

impl std::fmt::Debug for Emitter<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Emitter").finish_non_exhaustive()
    }
}

/// The modules of the host of which a module asks for names only.
fn by_name(module: &Module) -> BTreeSet<String> {
    let from_host = || module.edges.iter().filter(|edge| matches!(edge.target, Target::Host)).map(|edge| &edge.request);
    let whole: BTreeSet<&str> =
        from_host().filter(|request| request.whole).map(|request| request.specifier.as_str()).collect();
    let specifiers = from_host().map(|request| request.specifier.clone());
    specifiers.filter(|specifier| !whole.contains(specifier.as_str())).collect()
}

fn body_without_requests(text: String) -> Artifact {
    Artifact { text: text.into(), imports: Imports::from([known(RUNTIME)]), ..Artifact::default() }
}

/// An import of generated code, which calls modules by their ids.
fn known(id: &str) -> (String, Result<String, String>) {
    (id.to_owned(), Ok(id.to_owned()))
}

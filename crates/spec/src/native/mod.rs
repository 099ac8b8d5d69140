//! The native form: documents with `x-tollgate`, and `tollgate.yaml`.
//!
//! [`extension`] reads one `x-tollgate` object with its steps; [`operations`] walks a document,
//! and [`route`] resolves what the document, the path item and the operation say into a route; [`checks`] looks at all routes together.

mod auth;
mod checks;
mod documents;
mod extension;
mod handler;
mod instances;
mod limit;
mod module;
mod operations;
mod route;
mod security;
mod sign;
mod step;
mod upstream;

pub(crate) use route::resolve_timeouts;

use tollgate_core::Catalog;
use tollgate_core::project::{Compatibility, NamedExport, Project, ProjectForm};

use crate::Diagnostics;
use crate::check::Schemas;
use crate::load::{LoadContext, ProjectFiles, SettingsFile, modules, settings};
use handler::Handlers;
use instances::Instances;

/// What all readers of this form share.
pub(crate) struct Reader<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) schemas: &'a Schemas,
    pub(crate) settings: &'a SettingsFile,
    pub(crate) files: &'a ProjectFiles<'a>,
    pub(crate) instances: Instances,
    pub(crate) handlers: Handlers,
    /// What the project names in modules.
    pub(crate) exports: Vec<NamedExport>,
    pub(crate) diagnostics: &'a mut Diagnostics,
}

/// Reads a project of this form. It may only be run where no error was found.
pub(crate) fn read(context: &LoadContext<'_>, diagnostics: &mut Diagnostics) -> Project {
    let settings = settings::read(context, diagnostics);
    let documents = documents::open(context, &settings, diagnostics);
    let mut reader = Reader {
        catalog: context.catalog,
        schemas: context.schemas,
        settings: &settings,
        files: context.files,
        instances: Instances::default(),
        handlers: Handlers::default(),
        exports: Vec::new(),
        diagnostics,
    };
    let mut routes = Vec::new();
    let mut ids = crate::openapi::RouteIds::new();
    for document in &documents {
        operations::read_document(&mut reader, document, &mut ids, &mut routes);
    }
    let runtime_module = modules::runtime(context.files, ProjectForm::Native, reader.diagnostics);
    reader.read_unused(runtime_module.is_some());
    checks::run(&mut reader, &routes, context.options);
    let (policies, exports) = (reader.instances.into_list(), reader.exports);
    let mut routes: Vec<_> = routes.into_iter().map(|draft| std::sync::Arc::new(draft.route)).collect();
    // The list took over the memory of the drafts, which is a hundred times what it needs.
    routes.shrink_to_fit();
    Project {
        root: context.files.root().to_owned(),
        form: ProjectForm::Native,
        compatibility: Compatibility::native(),
        policies,
        cors: settings.settings.cors.values().cloned().collect(),
        routes,
        documents: documents.iter().map(|document| std::sync::Arc::clone(&document.openapi.document)).collect(),
        consumers: settings.settings.consumers.clone(),
        runtime_module,
        exports,
        scripts: None,
        environment: context.environment.values(),
        expanded: Default::default(),
        settings: settings.settings,
        files: Vec::new(),
        digest: String::new(),
    }
}

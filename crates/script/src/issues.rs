//! What went wrong while modules were loaded, at the line where it stands.

use tollgate_core::project::Place;
use tollgate_core::services::ScriptIssue;
use tollgate_js::Thrown;
use tollgate_modules::ModuleError;

use crate::generation::Generation;

/// A mistake that has no place.
pub(crate) fn plain(message: String) -> ScriptIssue {
    ScriptIssue { place: Place::default(), message, help: None }
}

/// A mistake that reading the modules found.
pub(crate) fn of_module(error: ModuleError) -> ScriptIssue {
    let place = Place { file: error.file.into(), pointer: String::new(), line: error.line, column: error.column };
    ScriptIssue { place, message: error.message, help: error.help }
}

/// What a module threw: at the first line of its stack that is the project's own.
pub(crate) fn thrown(generation: &Generation, thrown: &Thrown, module: Option<&str>) -> ScriptIssue {
    let place = position(generation, thrown).unwrap_or_else(|| Place {
        file: module.unwrap_or_default().into(),
        pointer: String::new(),
        line: usize::from(module.is_some()),
        column: usize::from(module.is_some()),
    });
    ScriptIssue { place, message: format!("this throws while the project is loaded: {thrown}"), help: None }
}

/// What a definition's code threw, or what it is not: at the place in the documents that names it.
pub(crate) fn of_definition(generation: &Generation, thrown: &Thrown, written: &Place) -> ScriptIssue {
    match position(generation, thrown) {
        Some(place) => {
            ScriptIssue { place, message: format!("this throws while the project is loaded: {thrown}"), help: None }
        }
        None => ScriptIssue { place: written.clone(), message: thrown.message.clone(), help: None },
    }
}

/// The name that may have been meant.
pub(crate) fn nearest(name: &str, known: impl Iterator<Item = String>) -> Option<String> {
    let near =
        known.map(|known| (strsim::damerau_levenshtein(name, &known), known)).filter(|(distance, _)| *distance <= 2);
    near.min().map(|(_, known)| format!("did you mean `{known}`?"))
}

fn position(generation: &Generation, thrown: &Thrown) -> Option<Place> {
    let position = generation.graph.first_project_position(&thrown.stack)?;
    Some(Place {
        file: position.file.into(),
        pointer: String::new(),
        line: usize::try_from(position.line).unwrap_or_default(),
        column: usize::try_from(position.column).unwrap_or_default(),
    })
}

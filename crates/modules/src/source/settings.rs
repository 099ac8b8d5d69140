//! What a `tsconfig.json` says of the JavaScript that is to come out.

use std::{borrow::Cow, path::PathBuf};

use oxc::transformer::{
    CompilerAssumptions, DecoratorOptions, HelperLoaderMode, HelperLoaderOptions, JsxOptions, JsxRuntime,
    TransformOptions, TypeScriptOptions,
};
use oxc_resolver::{CompilerOptions, TsConfig};

use crate::helpers;

/// How files are compiled that one `tsconfig.json` holds for.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(super) transform: TransformOptions,
    /// Decorators as TypeScript had them before they were part of JavaScript.
    pub(super) experimental_decorators: bool,
}

impl Settings {
    /// Without a `tsconfig.json`, everything is as the current editions of both languages have it.
    pub(crate) fn new(tsconfig: Option<&TsConfig>) -> Self {
        let default = CompilerOptions::default();
        let options = tsconfig.map_or(&default, |tsconfig| &tsconfig.compiler_options);
        let experimental_decorators = options.experimental_decorators.unwrap_or(false);
        let define = options.use_define_for_class_fields.unwrap_or_else(|| defines_fields(options.target.as_deref()));
        let keep_imports =
            options.verbatim_module_syntax.unwrap_or(false) || options.preserve_value_imports.unwrap_or(false);
        let jsx = jsx(options);
        let transform = TransformOptions {
            cwd: PathBuf::new(),
            assumptions: CompilerAssumptions { set_public_class_fields: !define, ..CompilerAssumptions::default() },
            typescript: TypeScriptOptions {
                jsx_pragma: pragma(options.jsx_factory.as_deref(), "React.createElement"),
                jsx_pragma_frag: pragma(options.jsx_fragment_factory.as_deref(), "React.Fragment"),
                only_remove_type_imports: keep_imports,
                remove_class_fields_without_initializer: !define,
                ..TypeScriptOptions::default()
            },
            decorator: DecoratorOptions {
                legacy: experimental_decorators,
                emit_decorator_metadata: options.emit_decorator_metadata.unwrap_or(false),
                strict_null_checks: options.strict_null_checks.or(options.strict).unwrap_or(false),
            },
            jsx,
            helper_loader: HelperLoaderOptions {
                module_name: Cow::Borrowed(helpers::PREFIX),
                mode: HelperLoaderMode::Runtime,
            },
            ..TransformOptions::default()
        };
        Self { transform, experimental_decorators }
    }
}

/// TypeScript defines class fields, as JavaScript does, for targets that have them.
/// <https://www.typescriptlang.org/tsconfig/#useDefineForClassFields>
fn defines_fields(target: Option<&str>) -> bool {
    let Some(target) = target else { return true };
    let target = target.to_ascii_lowercase();
    match target.strip_prefix("es") {
        Some("next") => true,
        Some(edition) => edition.parse::<u32>().is_ok_and(|edition| edition >= 2022),
        None => true,
    }
}

fn jsx(options: &CompilerOptions) -> JsxOptions {
    let automatic = match options.jsx.as_deref() {
        Some("react-jsx" | "react-jsxdev") => true,
        Some("react") => false,
        _ => options.jsx_import_source.is_some(),
    };
    JsxOptions {
        runtime: if automatic { JsxRuntime::Automatic } else { JsxRuntime::Classic },
        import_source: options.jsx_import_source.clone().filter(|_| automatic),
        pragma: options.jsx_factory.clone().filter(|_| !automatic),
        pragma_frag: options.jsx_fragment_factory.clone().filter(|_| !automatic),
        ..JsxOptions::enable()
    }
}

fn pragma(written: Option<&str>, default: &'static str) -> Cow<'static, str> {
    written.map_or(Cow::Borrowed(default), |written| Cow::Owned(written.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_fields_are_defined_from_2022_on() {
        assert!(defines_fields(None));
        assert!(defines_fields(Some("ES2022")));
        assert!(defines_fields(Some("ESNext")));
        assert!(!defines_fields(Some("es2021")));
        assert!(!defines_fields(Some("ES5")));
    }
}

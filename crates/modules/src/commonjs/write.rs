//! Writes the modules that stand for a CommonJS file.

use std::{collections::BTreeSet, fmt::Write as _};

use super::{BODY, RUNTIME};

/// Where a `require` leads.
#[derive(Debug, Clone)]
pub(crate) enum Link {
    /// The body of another file, by that file's id.
    Body(String),
    /// An ES module, by its id.
    Module(String),
    /// A module of the host, by its specifier.
    Host(String),
    /// Nowhere: a sentence that says why.
    Absent(String),
}

/// Which `default` a face has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    /// Its own, if a compiler marked the module by `__esModule`.
    Marked,
    /// `module.exports`, always.
    Node,
}

/// A text and how many bytes of it come before the file's own.
#[derive(Debug)]
pub(crate) struct Wrapped {
    pub(crate) text: String,
    pub(crate) prelude: usize,
}

/// What the function of a body takes.
const PARAMETERS: &str = "exports,require,module,__filename,__dirname";

/// The module that makes a body known. `undeclared` are variables that it assigns to without declaring
/// them: they are its own then, not everybody's.
pub(crate) fn body(id: &str, code: &str, links: &[(String, Link)], undeclared: &[String]) -> Wrapped {
    let (imports, table) = linked(links);
    let mut text = format!("import{{define as $define}}from{};{imports}", quoted(RUNTIME));
    let _ = write!(text, "$define({},{table},", quoted(id));
    let prelude = function(&mut text, code, undeclared);
    text.push_str(");\n");
    Wrapped { text, prelude }
}

/// The module that makes a body known which is in a script.
pub(crate) fn scripted_body(id: &str, links: &[(String, Link)]) -> String {
    let (imports, table) = linked(links);
    let (runtime, id) = (quoted(RUNTIME), quoted(id));
    format!("import{{define as $define}}from{runtime};{imports}$define({id},{table},import.meta.body);\n")
}

/// The script of a body that is sloppy code.
pub(crate) fn script(code: &str, undeclared: &[String]) -> Wrapped {
    let mut text = "(".to_owned();
    let prelude = function(&mut text, code, undeclared);
    text.push_str(")\n");
    Wrapped { text, prelude }
}

/// Writes the function of a body; gives where its own text begins.
fn function(text: &mut String, code: &str, undeclared: &[String]) -> usize {
    let _ = write!(text, "function({PARAMETERS}){{");
    for name in undeclared {
        let _ = write!(text, "var {name}=globalThis.{name};");
    }
    let prelude = text.len();
    text.push_str(code);
    text.push_str("\n}");
    prelude
}

/// What a module that calls `require` though it is an ES module has before its text.
pub(crate) fn require_prelude(id: &str, links: &[(String, Link)]) -> String {
    let (imports, table) = linked(links);
    let runtime = quoted(RUNTIME);
    format!("import{{requirer as $requirer}}from{runtime};{imports}const require=$requirer({},{table});", quoted(id))
}

/// The module that `import` finds for a body.
pub(crate) fn face(id: &str, kind: Face, names: &BTreeSet<String>) -> String {
    let mut text = format!("import{{run,pick,defaultOf}}from{};", quoted(RUNTIME));
    let _ = writeln!(text, "import{};", quoted(&format!("{id}{BODY}")));
    let _ = writeln!(text, "const $=run({});", quoted(id));
    text.push_str(match kind {
        Face::Marked => "export default defaultOf($);\n",
        Face::Node => "export default $;\n",
    });
    for (at, name) in names.iter().filter(|name| *name != "default").enumerate() {
        let name = quoted(name);
        let _ = writeln!(text, "const ${at}=pick($,{name});export{{${at} as {name}}};");
    }
    text
}

/// A JSON file as a module, with those of its keys that are asked for by name.
pub(crate) fn json_face(json: &str, names: &BTreeSet<String>) -> String {
    let mut text = format!("const $=JSON.parse({});\nexport default $;\n", quoted(json));
    for (at, name) in names.iter().filter(|name| *name != "default").enumerate() {
        let name = quoted(name);
        let _ = writeln!(text, "const ${at}=$[{name}];export{{${at} as {name}}};");
    }
    text
}

/// A JSON file as a body.
pub(crate) fn json_body(id: &str, json: &str) -> String {
    body(id, &format!("module.exports=JSON.parse({});", quoted(json)), &[], &[]).text
}

/// Imports of all that `require` may need, and the table by which it finds it.
fn linked(links: &[(String, Link)]) -> (String, String) {
    let (mut imports, mut table) = (String::new(), String::from("{__proto__:null"));
    for (at, (specifier, link)) in links.iter().enumerate() {
        let _ = write!(table, ",{}:", quoted(specifier));
        match link {
            Link::Body(id) => {
                let _ = write!(imports, "import{};", quoted(&format!("{id}{BODY}")));
                table.push_str(&quoted(id));
            }
            Link::Module(id) => {
                let _ = write!(imports, "import*as $ns{at} from{};", quoted(id));
                let _ = write!(table, "{{ns:()=>$ns{at}}}");
            }
            Link::Host(specifier) => {
                let _ = write!(imports, "import*as $ns{at} from{};", quoted(specifier));
                let _ = write!(table, "{{builtin:true,ns:()=>$ns{at}}}");
            }
            Link::Absent(why) => {
                let _ = write!(table, "{{absent:{}}}", quoted(why));
            }
        }
    }
    table.push('}');
    (imports, table)
}

/// A string as a literal of JavaScript, which has all of JSON's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_own_text_begins_in_the_first_line() {
        let links = [("./b".to_owned(), Link::Body("node_modules/a/b.js".to_owned()))];
        let wrapped = body("node_modules/a/index.js", "one();\ntwo();", &links, &["i".to_owned()]);
        assert_eq!(wrapped.text.get(wrapped.prelude..), Some("one();\ntwo();\n});\n"));
        assert!(!wrapped.text.get(..wrapped.prelude).unwrap().contains('\n'));
    }

    #[test]
    fn names_that_are_no_identifiers_are_exported_too() {
        let names = BTreeSet::from(["a-b".to_owned(), "default".to_owned(), "delete".to_owned()]);
        let text = face("x.js", Face::Node, &names);
        assert!(text.contains("export{$0 as \"a-b\"}"));
        assert!(text.contains("export{$1 as \"delete\"}"));
        assert!(!text.contains("as \"default\""));
    }
}

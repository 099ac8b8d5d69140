//! From XML to JSON, event by event, without recursion: how deep a document may be is a bound, and entities that
//! a document declares are never expanded.

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::attributes::Attributes;
use quick_xml::events::{BytesRef, BytesStart, Event};
use serde_json::{Map, Value};

use super::number::value_of;

/// How deep elements may stand in each other.
const DEEPEST: usize = 100;

/// What becomes of the parts of a document.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) stop: Vec<StopNode>,
    pub(super) without_prefixes: bool,
    pub(super) instructions: bool,
    pub(super) declaration: bool,
    pub(super) attributes: bool,
    pub(super) trims: bool,
    pub(super) prefix: String,
    pub(super) text: String,
}

/// Elements whose content is not looked into.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum StopNode {
    /// The one at this path from the root on.
    At(Vec<String>),
    /// Those of this name.
    Everywhere(String),
}

impl StopNode {
    pub(super) fn parse(path: &str) -> Option<Self> {
        let names: Vec<String> = path.split('.').map(str::to_owned).collect();
        match &names[..] {
            _ if names.iter().any(String::is_empty) => None,
            [star, name] if star == "*" => Some(Self::Everywhere(name.clone())),
            _ if names.iter().any(|name| name == "*") => None,
            _ => Some(Self::At(names)),
        }
    }

    fn is(&self, open: &[Element], name: &str) -> bool {
        match self {
            Self::Everywhere(known) => known == name,
            Self::At(path) => {
                path.len() == open.len()
                    && path.last().is_some_and(|last| last == name)
                    && open[1..].iter().zip(path).all(|(element, known)| element.name == *known)
            }
        }
    }
}

/// An element that is not over yet. The lowest one stands for the document.
#[derive(Debug, Default)]
struct Element {
    name: String,
    members: Map<String, Value>,
    text: String,
}

impl Shape {
    /// The JSON of a document.
    ///
    /// # Errors
    /// What is wrong with it, for the log.
    pub(super) fn convert(&self, xml: &str) -> Result<Value, String> {
        let mut reader = Reader::from_str(xml);
        // Instead of elements that are empty come ones that begin and end.
        reader.config_mut().expand_empty_elements = true;
        let mut open = vec![Element::default()];
        let mut roots = 0;
        loop {
            let event = reader.read_event().map_err(|error| format!("{error} at byte {}", reader.error_position()))?;
            match event {
                Event::Start(start) => {
                    if open.len() == 1 {
                        roots += 1;
                    }
                    if open.len() > DEEPEST {
                        return Err(format!("its elements are more than {DEEPEST} deep"));
                    }
                    let name = self.name(start.name().as_ref()).to_owned();
                    let members = self.attributes(start.attributes())?;
                    if self.stop.iter().any(|stop| stop.is(&open, &name)) {
                        let inside = self.inside(&mut reader, &start)?;
                        let element = Element { name, members, text: inside };
                        self.close(element, &mut open, false);
                    } else {
                        open.push(Element { name, members, text: String::new() });
                    }
                }
                Event::End(_) => {
                    // That it ends the element that is open, the reader has checked.
                    if let Some(element) = open.pop().filter(|_| !open.is_empty()) {
                        self.close(element, &mut open, true);
                    }
                }
                Event::Text(text) => append(&mut open, &text.xml10_content())?,
                Event::CData(text) => append(&mut open, &text.xml10_content())?,
                Event::GeneralRef(reference) => append(&mut open, &resolved(&reference)?)?,
                Event::Decl(declaration) if self.declaration => {
                    let start = BytesStart::from_content(&*declaration, 3);
                    self.instruction("?xml", start.attributes(), &mut open)?;
                }
                Event::PI(instruction) if self.instructions => {
                    let name = format!("?{}", self.name(instruction.target()));
                    self.instruction(&name, instruction.attributes(), &mut open)?;
                }
                Event::Eof => break,
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            }
        }
        match (open.pop(), open.is_empty(), roots) {
            (Some(document), true, 1) => Ok(Value::Object(document.members)),
            (_, true, _) => Err(format!("it has {roots} roots")),
            _ => Err("it ends within an element".to_owned()),
        }
    }

    /// What stands in an element, as it is written.
    fn inside(&self, reader: &mut Reader<&[u8]>, start: &BytesStart<'_>) -> Result<String, String> {
        let text = reader.read_text(start.name()).map_err(|error| error.to_string())?.into_inner();
        Ok(if self.trims { text.trim().to_owned() } else { text.into_owned() })
    }

    /// Gives an element to the one around it.
    fn close(&self, element: Element, open: &mut [Element], reads: bool) {
        let Element { name, mut members, text } = element;
        let text = if self.trims { text.trim().to_owned() } else { text };
        let value = match (members.is_empty(), text.is_empty()) {
            (true, _) if reads => value_of(text),
            (true, _) => Value::String(text),
            (false, true) => Value::Object(members),
            (false, false) => {
                let text = if reads { value_of(text) } else { Value::String(text) };
                members.insert(self.text.clone(), text);
                Value::Object(members)
            }
        };
        if let Some(around) = open.last_mut() {
            add(&mut around.members, name, value);
        }
    }

    fn instruction(&self, name: &str, attributes: Attributes<'_>, open: &mut [Element]) -> Result<(), String> {
        let members = self.attributes(attributes)?;
        let value = if members.is_empty() { Value::String(String::new()) } else { Value::Object(members) };
        if let Some(around) = open.last_mut() {
            add(&mut around.members, name.to_owned(), value);
        }
        Ok(())
    }

    fn attributes(&self, attributes: Attributes<'_>) -> Result<Map<String, Value>, String> {
        let mut members = Map::new();
        if !self.attributes {
            return Ok(members);
        }
        for attribute in attributes {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let written = attribute.key.as_ref();
            // Declarations of prefixes mean nothing where there are none.
            if self.without_prefixes && written.starts_with("xmlns:") {
                continue;
            }
            let value = unescaped(&attribute.value)?;
            let value = if self.trims { value.trim().to_owned() } else { value };
            members.insert(format!("{}{}", self.prefix, self.name(written)), Value::String(value));
        }
        Ok(members)
    }

    fn name<'n>(&self, written: &'n str) -> &'n str {
        match written.split_once(':') {
            Some((_, local)) if self.without_prefixes => local,
            _ => written,
        }
    }
}

/// Adds text to the element that is open. Around the root there is white space only.
fn append(open: &mut [Element], text: &str) -> Result<(), String> {
    match open {
        [_, .., element] => element.text.push_str(text),
        _ if text.trim().is_empty() => {}
        _ => return Err("there is text outside of the root".to_owned()),
    }
    Ok(())
}

/// An element that comes again makes a list of them.
fn add(members: &mut Map<String, Value>, name: String, value: Value) {
    match members.get_mut(&name) {
        None => drop(members.insert(name, value)),
        Some(Value::Array(values)) => values.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}

/// What a reference stands for: a character, or one of the five entities that every document has. Any other stays
/// as it is written.
fn resolved(reference: &BytesRef<'_>) -> Result<String, String> {
    if let Some(character) = reference.resolve_char_ref().map_err(|error| error.to_string())? {
        return Ok(character.to_string());
    }
    let name = reference.xml10_content();
    Ok(resolve_xml_entity(&name).map_or_else(|| format!("&{name};"), str::to_owned))
}

/// The value of an attribute, by the same rules.
fn unescaped(value: &str) -> Result<String, String> {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let Some((name, behind)) = after.split_once(';') else {
            return Err("a reference in an attribute does not end".to_owned());
        };
        out.push_str(&resolved(&BytesRef::new(name))?);
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

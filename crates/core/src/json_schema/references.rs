//! Places in a document, and the `$ref`s between them: followed within the document and into the
//! files that it refers to, never to the network.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::catalog::BuildError;
use crate::route::Document;
use jsonschema::Draft;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use referencing::Registry;
use serde_json::Value;

/// What a fragment may hold as it stands (RFC 3986 §3.5), beside letters and digits.
pub const FRAGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// How many `$ref`s may follow one another before they are taken for a circle.
const DEEPEST: usize = 32;

/// A document and the files that it refers to.
#[derive(Debug)]
pub struct References {
    document: Arc<Document>,
    root: Arc<Value>,
    resources: Vec<(String, Arc<Value>)>,
    registry: Registry<'static>,
}

/// A value of the document, and where it is.
#[derive(Debug, Clone)]
pub struct Spot<'d> {
    /// The file that it is in.
    pub uri: String,
    /// JSON pointer in that file.
    pub pointer: String,
    /// The value.
    pub value: &'d Value,
}

impl<'d> Spot<'d> {
    /// It as a URI.
    pub fn reference(&self) -> String {
        format!("{}#{}", self.uri, utf8_percent_encode(&self.pointer, FRAGMENT))
    }

    /// A member of an object.
    pub fn member(&self, name: &str) -> Option<Self> {
        let value = self.value.get(name)?;
        let pointer = format!("{}/{}", self.pointer, name.replace('~', "~0").replace('/', "~1"));
        Some(Self { uri: self.uri.clone(), pointer, value })
    }

    /// The items of an array.
    pub fn items(&self) -> impl Iterator<Item = Self> {
        let items = self.value.as_array().map(Vec::as_slice).unwrap_or_default().iter().enumerate();
        items.map(|(index, value)| Self { uri: self.uri.clone(), pointer: format!("{}/{index}", self.pointer), value })
    }

    /// The members of an object.
    pub fn members(&self) -> impl Iterator<Item = (&'d str, Self)> {
        let names = self.value.as_object().into_iter().flat_map(|object| object.keys());
        names.filter_map(|name| Some((name.as_str(), self.member(name)?)))
    }
}

impl References {
    /// Makes a document's places available.
    ///
    /// # Errors
    /// Where its URIs are not URIs.
    pub fn new(document: &Arc<Document>) -> Result<Self, BuildError> {
        let wrong = |error: referencing::Error| {
            BuildError::at("", format!("the document's references cannot be read: {error}"))
        };
        let draft = Draft::Draft202012;
        let root = document.root.tree();
        let resources: Vec<_> = document.resources.iter().map(|(uri, value)| (uri.clone(), value.tree())).collect();
        let mut builder = Registry::new().draft(draft).add(&document.uri, Arc::clone(&root)).map_err(wrong)?;
        for (uri, value) in &resources {
            if *uri != document.uri {
                builder = builder.add(uri, Arc::clone(value)).map_err(wrong)?;
            }
        }
        let registry = builder.prepare().map_err(wrong)?;
        Ok(Self { document: Arc::clone(document), root, resources, registry })
    }

    /// A place in the document itself.
    pub fn spot(&self, pointer: &str) -> Option<Spot<'_>> {
        let value = self.root.pointer(pointer)?;
        Some(Spot { uri: self.document.uri.clone(), pointer: pointer.to_owned(), value })
    }

    /// Follows `$ref`s until something else comes.
    ///
    /// # Errors
    /// Where a reference leads nowhere, or in a circle.
    pub fn follow<'d>(&'d self, mut spot: Spot<'d>) -> Result<Spot<'d>, BuildError> {
        for _ in 0..DEEPEST {
            let Some(reference) = spot.value.get("$ref").and_then(Value::as_str) else { return Ok(spot) };
            let nowhere =
                |error: &dyn std::fmt::Display| BuildError::at("", format!("`{reference}` leads nowhere: {error}"));
            let base = referencing::uri::from_str(&spot.uri).map_err(|error| nowhere(&error))?;
            let resolved = self.registry.resolver(base).lookup(reference).map_err(|error| nowhere(&error))?;
            let fragment = reference.split_once('#').map_or("", |(_, fragment)| fragment);
            let pointer = percent_decode_str(fragment).decode_utf8_lossy().into_owned();
            spot =
                Spot { uri: resolved.resolver().base_uri().as_str().to_owned(), pointer, value: resolved.contents() };
        }
        Err(BuildError::at("", format!("the references at {}#{} go in a circle", spot.uri, spot.pointer)))
    }

    /// The document.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Everything that a reference can name.
    pub const fn registry(&self) -> &Registry<'static> {
        &self.registry
    }

    /// The root of a file, by its URI.
    pub fn root(&self, uri: &str) -> Option<&Value> {
        if uri == self.document.uri {
            return Some(&self.root);
        }
        self.resources.iter().find(|(known, _)| known == uri).map(|(_, root)| &**root)
    }
}

/// The references of the document that was asked for last: the routes of a document are bound one
/// after another.
#[derive(Debug, Default)]
pub struct LastDocument(Mutex<Option<(Weak<Document>, Arc<References>)>>);

impl LastDocument {
    /// The references of a document.
    ///
    /// # Errors
    /// As for [`References::new`].
    pub fn references(&self, document: &Arc<Document>) -> Result<Arc<References>, BuildError> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, references)) = &*last
            && known.as_ptr() == Arc::as_ptr(document)
        {
            return Ok(Arc::clone(references));
        }
        let references = Arc::new(References::new(document)?);
        // It holds the document itself, so its address cannot be another's as long as it is here.
        *last = Some((Arc::downgrade(document), Arc::clone(&references)));
        Ok(references)
    }
}

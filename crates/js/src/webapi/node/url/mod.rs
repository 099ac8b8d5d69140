//! `node:url` and `node:querystring`.

use crate::library::Area;

pub(in crate::webapi) static URL: Area =
    Area { source: Some(include_str!("url.js")), specifiers: &["node:url", "url"], ..Area::new("node-url") };

/// URLs of files, and names of hosts.
pub(in crate::webapi) static URL_FILES: Area =
    Area { source: Some(include_str!("files.js")), ..Area::new("node-url-files") };

/// `url.parse`.
pub(in crate::webapi) static URL_LEGACY: Area =
    Area { source: Some(include_str!("legacy.js")), ..Area::new("node-url-legacy") };

pub(in crate::webapi) static QUERYSTRING: Area = Area {
    source: Some(include_str!("querystring.js")),
    specifiers: &["node:querystring", "querystring"],
    ..Area::new("node-querystring")
};

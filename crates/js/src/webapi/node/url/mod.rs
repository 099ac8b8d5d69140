//! `node:url` and `node:querystring`.

use crate::library::Area;

pub(in crate::webapi) static URL: Area = Area { specifiers: &["node:url", "url"], ..Area::built("node-url") };

/// URLs of files, and names of hosts.
pub(in crate::webapi) static URL_FILES: Area = Area::built("node-url-files");

/// `url.parse`.
pub(in crate::webapi) static URL_LEGACY: Area = Area::built("node-url-legacy");

pub(in crate::webapi) static QUERYSTRING: Area =
    Area { specifiers: &["node:querystring", "querystring"], ..Area::built("node-querystring") };

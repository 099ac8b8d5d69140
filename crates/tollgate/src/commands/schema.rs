//! `tollgate schema`

use crate::cli::{SchemaArgs, SchemaKind};
use crate::output;

pub(crate) fn run(args: &SchemaArgs) -> anyhow::Result<()> {
    output::json(&match args.kind {
        SchemaKind::Server => crate::schema_files::server(),
        SchemaKind::Document => crate::schema_files::document(),
        SchemaKind::Admin => tollgate_admin::document(),
        SchemaKind::AccessLog => tollgate_proxy::access_log::schema::schema(),
    })
}

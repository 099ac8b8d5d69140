//! The JSON Schemas that give editors completion.

use serde_json::Value;

/// Each schema with its name.
pub fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("tollgate", server()),
        ("x-tollgate", document()),
        ("access-log", tollgate_proxy::access_log::schema::schema()),
    ]
}

/// Of `tollgate.yaml`.
pub(crate) fn server() -> Value {
    tollgate_spec::schema(crate::catalog()).settings
}

/// Of `x-tollgate` in a document.
pub(crate) fn document() -> Value {
    tollgate_spec::schema(crate::catalog()).extension
}

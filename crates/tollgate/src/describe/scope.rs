//! What a step is written in: where it is inherited from.

use tollgate_core::project::Place;

/// The scope of a place, in the words of the documentation.
pub(super) fn of(place: &Place) -> &str {
    let mut tokens = place.pointer.split('/').skip(1);
    match (tokens.next(), tokens.next(), tokens.next(), tokens.next()) {
        (Some("x-tollgate"), ..) | (None, ..) => "document",
        (Some("paths"), Some(_), Some("x-tollgate" | "x-tollgate-path") | None, _) => "path item",
        (Some("paths"), Some(_), Some(_), _) => "operation",
        (Some("components"), Some("securitySchemes"), ..) => "security scheme",
        (Some("security"), ..) => "document",
        // A file of settings: `policies` in tollgate.yaml or in policies.json.
        _ => &place.file,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(file: &str, pointer: &str, expected: &str) {
        let place = Place { file: file.into(), pointer: pointer.to_owned(), line: 1, column: 1 };
        assert_eq!(of(&place), expected, "{file}#{pointer}");
    }

    #[test]
    fn the_scope_is_what_the_pointer_goes_through() {
        check("openapi.yaml", "/x-tollgate/limit", "document");
        check("openapi.yaml", "/paths/~1users/x-tollgate/guard/0", "path item");
        check("openapi.yaml", "/paths/~1users/get/x-tollgate/auth", "operation");
        check("config/routes.oas.json", "/paths/~1users/get/x-zuplo-route/handler", "operation");
        check("openapi.yaml", "/components/securitySchemes/key/x-tollgate", "security scheme");
        check("tollgate.yaml", "/policies/strict/options", "tollgate.yaml");
        check("config/policies.json", "/policies/0/handler/options", "config/policies.json");
    }
}

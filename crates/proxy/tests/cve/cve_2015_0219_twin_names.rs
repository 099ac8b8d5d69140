//! CVE-2015-0219 (Django), CVE-2024-45614 (Puma): programs behind CGI and WSGI see `X_User` and
//! `X-User` as one variable, so that the one spelling overwrites the other. Some servers do the same
//! to every byte that is no letter and no digit.

use crate::attack::attack;

#[tokio::test]
async fn names_that_become_another_name_stay_behind() {
    let mut fields = String::new();
    for separator in ["_", ".", "!", "#", "$", "%", "&", "'", "*", "+", "^", "`", "|", "~"] {
        for words in
            [&["X", "Tollgate", "Consumer"][..], &["X", "Forwarded", "For"], &["X", "Real", "IP"], &["X", "Plain"]]
        {
            fields.push_str(&format!("{}: evil\r\n", words.join(separator)));
            fields.push_str(&format!("{}: evil\r\n", words.join(separator).to_uppercase()));
        }
        fields.push_str(&format!("X-Tollgate{separator}Consumer: evil\r\nX{separator}Forwarded-For: evil\r\n"));
        fields.push_str(&format!("Content{separator}Length: 99\r\n"));
    }
    let bytes = format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Plain: fine\r\n{fields}\r\n");
    let seen = attack(bytes.as_bytes(), |setup| {
        setup.settings.server.limits.header_count = 1000;
    })
    .await;
    let names: Vec<_> = seen.requests[0].fields.iter().filter(|(_, value)| value == "evil" || value == "99").collect();
    assert!(names.is_empty(), "{names:?}");
    assert_eq!(seen.requests[0].field("x-plain"), Some("fine"));
}

/// Whoever needs such a name can say so; the gateway's own names and the caller's address cannot be
/// had in this way.
#[tokio::test]
async fn a_listed_name_passes_unless_it_is_a_twin_of_the_gateways_own() {
    let names =
        ["x_api_version", "x.dotted", "x_tollgate_consumer", "x.tollgate-consumer", "x_forwarded_for", "x.real.ip"];
    let fields: String = names.iter().map(|name| format!("{name}: 1\r\n")).collect();
    let bytes = format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{fields}\r\n");
    let seen = attack(bytes.as_bytes(), |setup| {
        setup.settings.hygiene.allow_underscore = names.iter().map(|name| (*name).to_owned()).collect();
    })
    .await;
    let request = &seen.requests[0];
    let passed: Vec<_> = names.into_iter().filter(|name| request.field(name).is_some()).collect();
    assert_eq!(passed, ["x_api_version", "x.dotted"]);
}

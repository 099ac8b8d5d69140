use super::*;
use http::Request;

fn settings(change: impl FnOnce(&mut Settings)) -> HygieneRules {
    let mut settings = Settings::default();
    change(&mut settings);
    HygieneRules::new(&settings)
}

fn from(peer: &str) -> ConnectionInfo {
    ConnectionInfo::plain(peer.parse().unwrap(), "192.0.2.80:9000".parse().unwrap())
}

fn parts(version: Version, target: &str, fields: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().version(version).uri(target);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn proxied(trusted: &[&str]) -> HygieneRules {
    settings(|s| s.server.trusted_proxies = trusted.iter().map(|net| net.parse().unwrap()).collect())
}

#[track_caller]
fn caller(peer: &str, trusted: &[&str], fields: &[(&str, &str)], expected: (&str, &str, &str)) {
    let mut fields = fields.to_vec();
    fields.push(("host", "gate.example"));
    let mut parts = parts(Version::HTTP_11, "/", &fields);
    let client = inspect(&mut parts, &from(peer), &proxied(trusted)).unwrap().client;
    assert_eq!((client.ip.to_string().as_str(), client.scheme.as_str(), &*client.host), expected);
}

#[test]
fn the_caller_is_the_first_address_from_the_right_that_is_not_trusted() {
    let xff = |list| [("x-forwarded-for", list)];
    let at = |ip| (ip, "http", "gate.example");
    caller("192.0.2.1:5", &[], &xff("6.6.6.6"), at("192.0.2.1"));
    caller("10.0.0.1:5", &["10.0.0.0/8"], &xff("6.6.6.6"), at("6.6.6.6"));
    caller("10.0.0.1:5", &["10.0.0.0/8"], &xff("6.6.6.6, 192.0.2.7"), at("192.0.2.7"));
    caller("10.0.0.1:5", &["10.0.0.0/8"], &xff("6.6.6.6, 192.0.2.7, 10.0.0.2"), at("192.0.2.7"));
    caller("10.0.0.1:5", &["10.0.0.0/8"], &xff("10.0.0.3, 10.0.0.2"), at("10.0.0.3"));
    caller("10.0.0.1:5", &["10.0.0.0/8"], &xff("6.6.6.6, unknown, 10.0.0.2"), at("10.0.0.2"));
    caller("10.0.0.1:5", &["10.0.0.0/8"], &xff(""), at("10.0.0.1"));
    caller("10.0.0.1:5", &["10.0.0.0/8"], &xff("192.0.2.7:1234"), at("192.0.2.7"));
    caller("10.0.0.1:5", &["10.0.0.0/8"], &xff("[2001:db8::1]:1234"), at("2001:db8::1"));
    caller("10.0.0.1:5", &["10.0.0.0/8"], &xff("::ffff:192.0.2.7"), at("192.0.2.7"));
    caller("[::ffff:10.0.0.1]:5", &["10.0.0.0/8"], &xff("192.0.2.7"), at("192.0.2.7"));
    let two = [("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "192.0.2.7")];
    caller("10.0.0.1:5", &["10.0.0.0/8"], &two, at("192.0.2.7"));
}

#[test]
fn protocol_and_host_come_from_the_same_place_in_the_chain() {
    let trusted = &["10.0.0.0/8"];
    let fields = [
        ("x-forwarded-for", "6.6.6.6, 192.0.2.7, 10.0.0.2"),
        ("x-forwarded-proto", "ftp, https, http"),
        ("x-forwarded-host", "evil, api.example:8443, inner"),
    ];
    caller("10.0.0.1:5", trusted, &fields, ("192.0.2.7", "https", "api.example:8443"));
    let single = [("x-forwarded-for", "192.0.2.7, 10.0.0.2"), ("x-forwarded-proto", "https")];
    caller("10.0.0.1:5", trusted, &single, ("192.0.2.7", "https", "gate.example"));
    let only = [("x-forwarded-proto", "https"), ("x-forwarded-host", "a b")];
    caller("10.0.0.1:5", trusted, &only, ("10.0.0.1", "https", "gate.example"));
}

#[test]
fn the_standard_field_is_read_where_the_other_is_missing() {
    let trusted = &["10.0.0.0/8"];
    let check = |field, expected| caller("10.0.0.1:5", trusted, &[("forwarded", field)], expected);
    check("for=192.0.2.7;proto=https;host=api.example", ("192.0.2.7", "https", "api.example"));
    check("For=\"[2001:db8::1]:47\"; Proto=https", ("2001:db8::1", "https", "gate.example"));
    check("for=6.6.6.6, for=192.0.2.7;proto=https, for=10.0.0.2;proto=http", ("192.0.2.7", "https", "gate.example"));
    check("for=\"_hidden\"", ("10.0.0.1", "http", "gate.example"));
    check("for=\"192.0.2.7", ("10.0.0.1", "http", "gate.example"));
    check("for=192.0.2.7 x", ("10.0.0.1", "http", "gate.example"));
    check("for=\"192.0.2.7\\\"\"", ("10.0.0.1", "http", "gate.example"));
    let both = [("forwarded", "for=6.6.6.6"), ("x-forwarded-for", "192.0.2.7")];
    caller("10.0.0.1:5", trusted, &both, ("192.0.2.7", "http", "gate.example"));
}

#[test]
fn http_2_takes_its_host_from_the_target_and_refuses_a_host_field_that_differs() {
    let rules = settings(|_| {});
    let inspected = |fields: &[(&str, &str)]| {
        let mut parts = parts(Version::HTTP_2, "http://Api.Example/x", fields);
        inspect(&mut parts, &from("192.0.2.1:5"), &rules).map(|inspected| inspected.client.host.to_string())
    };
    assert_eq!(inspected(&[]).unwrap(), "api.example");
    assert_eq!(inspected(&[("host", "api.example")]).unwrap(), "api.example");
    assert!(inspected(&[("host", "other.example")]).is_err());
    assert!(inspected(&[("transfer-encoding", "chunked")]).is_err());
}

#[test]
fn sizes_are_refused_by_name() {
    #[track_caller]
    fn check(rules: &HygieneRules, target: &str, fields: &[(&str, &str)], expected: Option<&str>) {
        let mut fields = fields.to_vec();
        fields.push(("host", "a"));
        let mut parts = parts(Version::HTTP_11, target, &fields);
        let refused = inspect(&mut parts, &from("192.0.2.1:5"), rules).err();
        assert_eq!(refused.map(|problem| problem.reason.name), expected);
    }
    use tollgate_core::units::Size;
    let rules = settings(|s| {
        s.server.limits.url_length = Size(10);
        s.server.limits.header_count = 2;
        s.server.limits.header_bytes = Size(40);
        s.server.limits.body = Some(Size(5));
    });
    check(&rules, "/123456789", &[], None);
    check(&rules, "/12345?789", &[], None);
    check(&rules, "/1234567890", &[], Some("request.uri_too_long"));
    check(&rules, "/12345?7890", &[], Some("request.uri_too_long"));
    check(&rules, "/", &[("a", "1"), ("b", "2")], Some("request.headers_too_large"));
    check(&rules, "/", &[("a", "0123456789012345678901234567890123")], Some("request.headers_too_large"));
    check(&rules, "/", &[("content-length", "5")], None);
    check(&rules, "/", &[("content-length", "6")], Some("request.too_large"));
}

#[test]
fn forwarding_fields_name_an_ipv6_peer_and_a_port_in_quotes() {
    let rules = settings(|_| {});
    let connection = from("[2001:db8::7]:5");
    let mut parts = parts(Version::HTTP_11, "/", &[("host", "gate.example:9000")]);
    let client = inspect(&mut parts, &connection, &rules).unwrap().client;
    forwarding_fields(&mut parts.headers, &client, &connection);
    let field = |name: &str| parts.headers.get(name).unwrap().to_str().unwrap();
    assert_eq!(field("forwarded"), "for=\"[2001:db8::7]\";host=\"gate.example:9000\";proto=http");
    assert_eq!(field("x-forwarded-for"), "2001:db8::7");
    assert_eq!(field("x-forwarded-port"), "9000");
}

#[test]
fn what_one_request_of_a_connection_said_is_not_said_of_the_next() {
    let connection = from("10.0.0.1:5");
    let rules = proxied(&["10.0.0.0/8"]);
    let told = |host: &str, fields: &[(&str, &str)]| {
        let mut fields = fields.to_vec();
        fields.push(("host", host));
        let mut parts = parts(Version::HTTP_11, "/", &fields);
        let client = inspect(&mut parts, &connection, &rules).unwrap().client;
        forwarding_fields(&mut parts.headers, &client, &connection);
        let field = |name: &str| parts.headers.get(name).unwrap().to_str().unwrap().to_owned();
        [field("x-forwarded-host"), field("x-real-ip"), field("x-forwarded-proto"), field("x-forwarded-for")]
    };
    let expected = |fields: [&str; 4]| fields.map(str::to_owned);
    let plain = expected(["a.example", "10.0.0.1", "http", "10.0.0.1"]);
    for _ in 0..2 {
        assert_eq!(told("a.example", &[]), plain);
        assert_eq!(told("A.Example", &[]), plain);
        assert_eq!(told("b.example", &[]), expected(["b.example", "10.0.0.1", "http", "10.0.0.1"]));
        let proxied = [("x-forwarded-for", "192.0.2.7"), ("x-forwarded-proto", "https")];
        assert_eq!(told("a.example", &proxied), expected(["a.example", "192.0.2.7", "https", "192.0.2.7, 10.0.0.1"]));
        assert_eq!(told("a.example", &[]), plain);
    }
}

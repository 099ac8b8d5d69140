//! `JwtServicePlugin` before real backends: Tornado with python-jose and Bottle with PyJWT verify what a policy and
//! what code has signed, by the discovery and the keys at the plugin's `basePath`.

use http::StatusCode;
use serde_json::{Value, json};
use tollgate_testkit::{Child, client, free_port};

use crate::project::{Scripted, good};
use crate::support::{Gateway, SOON};
use crate::websocket::root;

const POLICY: &str = r#"
import { JwtServicePlugin, ZuploRequest } from "@zuplo/runtime";

export async function signed(request: ZuploRequest) {
  const token = await JwtServicePlugin.signJwt({ subject: "from-code", role: "editor" });
  const next = new ZuploRequest(request);
  next.headers.set("authorization", `Bearer ${token}`);
  return next;
}

export const show = async (request: Request) => ({ token: request.headers.get("authorization")!.slice(7) });
"#;

fn runtime(base_path: &str) -> String {
    format!(
        "import {{ JwtServicePlugin, RuntimeExtensions }} from \"@zuplo/runtime\";\nexport const runtimeInit = (runtime: RuntimeExtensions) => runtime.addPlugin(new JwtServicePlugin({{ basePath: \"{base_path}\", expiresIn: \"10m\" }}));\n"
    )
}

/// What every request names: a backend, and who signed.
const PATHS: [&str; 2] = ["/protected", "/bottle/protected"];

struct Setting {
    project: Scripted,
    listen: String,
    ports: [u16; 2],
}

impl Setting {
    async fn new() -> Self {
        let ports = [free_port().unwrap(), free_port().unwrap()];
        let mut project = Scripted::new()
            .await
            .module("signed.ts", POLICY)
            .policy("code", "signed", "signed", json!({}))
            .built_in("gateway", "UpstreamZuploJwtAuthInboundPolicy", json!({ "subject": "from-policy" }))
            .handled("/show/policy", "get", ("signed", "show"), &["gateway"], &[])
            .handled("/show/code", "get", ("signed", "show"), &["code"], &[]);
        for (path, port) in PATHS.iter().zip(ports) {
            for signer in ["gateway", "code"] {
                let options = json!({ "rewritePattern": format!("http://127.0.0.1:{port}{path}") });
                let handler =
                    json!({ "module": "$import(@zuplo/runtime)", "export": "urlRewriteHandler", "options": options });
                project = project.route(&format!("/{signer}{path}"), "get", handler, &[signer], &[]);
            }
        }
        let listen = format!("127.0.0.1:{}", free_port().unwrap());
        Self { project, listen, ports }
    }

    async fn gateway(&self, base_path: &str) -> Gateway {
        self.project.world.write("modules/zuplo.runtime.ts", &runtime(base_path));
        self.project.start_as(&["run", ".", "--listen", &self.listen]).await
    }

    /// Both backends, which believe the issuer at this path alone.
    async fn backends(&self, base_path: &str) -> [Child; 2] {
        let issuer = format!("http://{}{base_path}", self.listen);
        let start = async |app: &str, port: u16| {
            let port = port.to_string();
            let environment = [("PORT", &*port), ("TOLLGATE_ISSUER", &*issuer)];
            let python = root().join("target/python/bin/python");
            let child = Child::spawn(python, &[app], &root(), &environment).unwrap();
            child.wait_for_line("listens on", SOON).await.unwrap();
            child
        };
        let backends = [
            start("examples/tornado/app.py", self.ports[0]).await,
            start("examples/bottle/app.py", self.ports[1]).await,
        ];
        // Bottle says that it listens a moment before it does.
        let url = format!("http://127.0.0.1:{}/bottle/health", self.ports[1]);
        let up = async {
            while client::get(&url, &[]).await.is_err() {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(SOON, up).await.expect("the backend came up");
        backends
    }

    /// What each backend answers to a token that did not come through the gateway.
    async fn past_the_gateway(&self, token: &str) -> Vec<StatusCode> {
        let mut seen = Vec::new();
        for (path, port) in PATHS.iter().zip(self.ports) {
            let authorization = format!("Bearer {token}");
            let url = format!("http://127.0.0.1:{port}{path}");
            seen.push(client::get(&url, &[("authorization", &authorization)]).await.unwrap().status);
        }
        seen
    }
}

async fn token(gateway: &Gateway, signer: &str) -> String {
    let reply = gateway.get(&format!("/show/{signer}"), None).await;
    good(&reply, gateway)["token"].as_str().unwrap().to_owned()
}

/// A token with the head and the claims of another, signed by a stranger's key.
async fn forged(token: &str) -> String {
    const CODE: &str = "
import jwt, sys
from cryptography.hazmat.primitives.asymmetric import rsa
head, claims = jwt.get_unverified_header(sys.argv[1]), jwt.decode(sys.argv[1], options={'verify_signature': False})
key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
print(jwt.encode(claims, key, algorithm=head['alg'], headers={'kid': head['kid']}), end='')
";
    let python = root().join("target/python/bin/python");
    let output = tokio::process::Command::new(python).args(["-c", CODE, token]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn backends_verify_by_the_plugins_keys_what_policies_and_code_have_signed() {
    let setting = Setting::new().await;
    let gateway = setting.gateway("/auth/v1").await;
    let issuer = format!("{}/auth/v1", gateway.url);
    let _backends = setting.backends("/auth/v1").await;
    let discovery = gateway.get("/auth/v1/.well-known/openid-configuration", None).await;
    let discovery = good(&discovery, &gateway);
    assert_eq!(discovery["issuer"], issuer);
    let keys = client::get(discovery["jwks_uri"].as_str().unwrap(), &[]).await.unwrap();
    assert!(keys.json()["keys"].as_array().unwrap().iter().all(|key| key["kid"].is_string() && key["kty"] == "RSA"));
    for path in PATHS {
        for (signer, subject, lifetime) in [("gateway", "from-policy", 600), ("code", "from-code", 600)] {
            let reply = gateway.get(&format!("/{signer}{path}"), None).await;
            let claims = &good(&reply, &gateway)["claims"];
            assert_eq!((&claims["iss"], &claims["sub"]), (&json!(issuer), &json!(subject)), "{path}");
            let lives = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
            assert_eq!(lives, lifetime, "{signer}");
            assert_eq!(claims.get("role"), (signer == "code").then(|| json!("editor")).as_ref());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn backends_refuse_a_strangers_signature_and_what_another_issuer_has_signed() {
    let setting = Setting::new().await;
    let gateway = setting.gateway("/auth").await;
    let backends = setting.backends("/auth").await;
    let mut old = Vec::new();
    for signer in ["policy", "code"] {
        let token = token(&gateway, signer).await;
        assert_eq!(setting.past_the_gateway(&token).await, [StatusCode::OK; 2], "{signer}");
        assert_eq!(setting.past_the_gateway(&forged(&token).await).await, [StatusCode::UNAUTHORIZED; 2], "{signer}");
        old.push(token);
    }
    drop((gateway, backends));
    // The same keys, under another name.
    let gateway = setting.gateway("/moved").await;
    let _backends = setting.backends("/moved").await;
    let gone = gateway.get("/auth/.well-known/jwks.json", None).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    for (signer, old) in ["policy", "code"].into_iter().zip(old) {
        assert_eq!(setting.past_the_gateway(&old).await, [StatusCode::UNAUTHORIZED; 2], "{signer}");
        let token = token(&gateway, signer).await;
        assert_eq!(setting.past_the_gateway(&token).await, [StatusCode::OK; 2], "{signer}");
        let claims: Value = good(&gateway.get("/gateway/protected", None).await, &gateway)["claims"].clone();
        assert_eq!(claims["iss"], format!("{}/moved", gateway.url));
    }
}

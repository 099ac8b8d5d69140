//! Who calls the management API: whoever holds the token of the data folder, or an operator with
//! a token of their own. What a handler needs is in its signature, as a [`Call`].

use std::fmt;
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderValue, WWW_AUTHENTICATE};
use http::request::Parts;
use subtle::ConstantTimeEq;
use tollgate_core::store::{Actor, ActorKind, Operator, Scope, Store};

use crate::control::Control;
use crate::error::{ApiError, FORBIDDEN, UNAUTHORIZED, UNAVAILABLE};
use crate::server::Admin;

/// How old the moment of an operator's last use may get before it is noted anew, in milliseconds.
const NOTE_EVERY: i64 = 60_000;

/// The bootstrap token: whoever holds the file holds the gateway.
#[derive(Clone)]
pub struct ManagementToken(Arc<str>);

impl ManagementToken {
    /// Takes a token. An empty one is never accepted.
    pub fn new(token: &str) -> Self {
        Self(Arc::from(token.trim()))
    }

    /// Compares in a time that does not depend on where the first difference is.
    fn is(&self, presented: &[u8]) -> bool {
        !self.0.is_empty() && bool::from(self.0.as_bytes().ct_eq(presented))
    }
}

impl fmt::Debug for ManagementToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ManagementToken(…)")
    }
}

/// Somebody whose token is good.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// Whose `Idempotency-Key`s these are: an operator's id, or `bootstrap`.
    pub(crate) id: String,
    /// As the audit log has them.
    pub(crate) actor: Actor,
    scopes: Vec<Scope>,
}

impl Caller {
    /// Refuses what the caller may not do.
    fn check(&self, wanted: Scope) -> Result<(), ApiError> {
        if self.scopes.iter().any(|scope| scope.allows(wanted)) {
            return Ok(());
        }
        let detail = format!("The token of `{}` does not have the scope `{wanted}`.", self.actor.name);
        let challenge =
            format!("Bearer realm=\"tollgate management\", error=\"insufficient_scope\", scope=\"{wanted}\"");
        let error = ApiError::new(&FORBIDDEN, detail);
        Err(match HeaderValue::from_str(&challenge) {
            Ok(challenge) => error.with_header(WWW_AUTHENTICATE, challenge),
            Err(_) => error,
        })
    }
}

/// Lets a request through whose token is good, and notes whose it is. Missing, wrong, expired and
/// revoked tokens are answered alike.
pub(crate) async fn authenticate(State(admin): State<Admin>, mut request: Request, next: Next) -> Response {
    // Read first: the request itself cannot be looked at while something is waited for.
    let presented = presented(&request).map(<[u8]>::to_vec);
    let origin = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let origin = origin.map_or_else(String::new, |ConnectInfo(address)| address.ip().to_canonical().to_string());
    match caller(&admin, presented.as_deref(), origin).await {
        Ok(Some(caller)) => {
            request.extensions_mut().insert(caller);
            let mut response = next.run(request).await;
            // There may be a new key in it, and who may see the rest changes.
            response.headers_mut().entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
            response
        }
        Ok(None) => {
            let detail =
                "The management API needs the token of an operator, or that of the data folder's `management.token`.";
            let challenge = HeaderValue::from_static("Bearer realm=\"tollgate management\"");
            ApiError::new(&UNAUTHORIZED, detail).with_header(WWW_AUTHENTICATE, challenge).into_response()
        }
        Err(error) => error.into_response(),
    }
}

async fn caller(admin: &Admin, presented: Option<&[u8]>, origin: String) -> Result<Option<Caller>, ApiError> {
    let Some(presented) = presented else { return Ok(None) };
    if admin.token.is(presented) {
        let actor = Actor { kind: ActorKind::Bootstrap, name: "management.token".to_owned(), origin };
        return Ok(Some(Caller { id: "bootstrap".to_owned(), actor, scopes: vec![Scope::Admin] }));
    }
    let found = admin.store.operator_by_digest(admin.control.digest(presented)).await;
    let found = found.map_err(|error| ApiError::new(&UNAVAILABLE, error.to_string()))?;
    let now = admin.control.now();
    let Some(operator) = found.filter(|operator| operator.is_live(now)) else { return Ok(None) };
    note_use(admin, &operator);
    let actor = Actor { kind: ActorKind::Operator, name: operator.name, origin };
    Ok(Some(Caller { id: operator.id, actor, scopes: operator.scopes }))
}

fn presented(request: &Request) -> Option<&[u8]> {
    let (scheme, token) = request.headers().get(AUTHORIZATION)?.as_bytes().split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii()).filter(|token| !token.is_empty())
}

fn note_use(admin: &Admin, operator: &Operator) {
    let now = admin.control.now();
    if operator.last_used_on.is_some_and(|last| now.0 - last.0 < NOTE_EVERY) {
        return;
    }
    let (store, id) = (Arc::clone(&admin.store), operator.id.clone());
    // Nobody waits for it, and a call must not fail because of it.
    tokio::spawn(async move { store.note_operator_use(&id, now).await });
}

/// What a call must be allowed to do.
pub(crate) trait Need: Send + Sync + 'static {
    /// The scope that allows it.
    const SCOPE: Scope;
}

macro_rules! needs {
    ($($name:ident = $scope:ident, $doc:literal;)*) => {
        $(#[doc = $doc] #[derive(Debug)] pub(crate) struct $name;
        impl Need for $name { const SCOPE: Scope = Scope::$scope; })*
    };
}

needs! {
    Reading = Read, "Looks at things.";
    ManagingKeys = KeysWrite, "Makes, changes and ends keys.";
    ReportingLeaks = LeaksWrite, "Reports keys that leaked.";
    ManagingConsumers = ConsumersWrite, "Makes, changes and deletes consumers, buckets and managers.";
    ManagingProject = Project, "Reloads, rotates.";
    Administering = Admin, "Makes and revokes operators.";
}

/// A call by somebody who may make it. A handler has no other way to the store, so that none is
/// reached without its scope, and what it changes is written down as the caller's.
pub(crate) struct Call<N> {
    /// The store, on behalf of the caller.
    pub(crate) store: Arc<dyn Store>,
    /// The running gateway.
    pub(crate) control: Arc<dyn Control>,
    caller: Caller,
    need: PhantomData<N>,
}

impl<N> Call<N> {
    /// Who calls, as the audit log has it.
    pub(crate) fn who(&self) -> &str {
        &self.caller.actor.name
    }

    /// Whether the caller may do something else as well, that the body of the call asks for.
    pub(crate) fn must_also_be<M: Need>(&self) -> Result<(), ApiError> {
        self.caller.check(M::SCOPE)
    }
}

impl<N> fmt::Debug for Call<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").finish_non_exhaustive()
    }
}

impl<N: Need> FromRequestParts<Admin> for Call<N> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, admin: &Admin) -> Result<Self, ApiError> {
        let Some(caller) = parts.extensions.get::<Caller>() else {
            return Err(ApiError::new(&UNAUTHORIZED, "The management API needs a token."));
        };
        caller.check(N::SCOPE)?;
        let store = admin.store.on_behalf_of(caller.actor.clone());
        Ok(Self { store, control: Arc::clone(&admin.control), caller: caller.clone(), need: PhantomData })
    }
}

//! Authentication of requests by their credentials. Pure, but for the clock.
//!
//! Three schemes, each on only if it is configured: a client certificate, a bearer token, a signature. None can
//! weaken another: each judges alone, and [`Mode`] says whether one is enough or all are required.

mod credentials;
pub(crate) mod signature;
pub(crate) mod ss58;
mod token;

use std::{
    fmt,
    str::FromStr,
    sync::{Arc, PoisonError, RwLock},
    time::{SystemTime, UNIX_EPOCH},
};

pub use self::{
    credentials::Credentials,
    signature::{Hotkeys, PURPOSE},
};
pub(crate) use self::{ss58::Address, token::Tokens};

/// How many of the configured schemes a request must pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// One is enough.
    #[default]
    Any,
    All,
}

impl FromStr for Mode {
    type Err = String;

    /// Errors: what is allowed.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "any" => Ok(Self::Any),
            "all" => Ok(Self::All),
            _ => Err("`any` or `all`".to_owned()),
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "any",
            Self::All => "all",
        })
    }
}

/// Why a request is refused, as the client is told. It never says which part was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// The client is not authenticated.
    Unauthenticated,
    /// The client is authenticated and not authorized.
    Forbidden,
}

/// A refused request, with the cause for the operator's log. It contains no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// What the client is told.
    pub denial: Denial,
    /// Its identity, if it is known.
    pub identity: Option<String>,
    /// What was wrong.
    pub why: String,
}

/// The verdict of one scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Judged {
    /// This identity is allowed.
    May(String),
    /// This identity is known and not allowed.
    MayNot(String),
    /// The request has no credentials for this scheme.
    NotShown(&'static str),
    /// The credentials are wrong in this way.
    Wrong(String),
}

/// The configured schemes.
#[derive(Debug)]
pub struct Guard {
    mode: Mode,
    certificates: bool,
    tokens: Option<RwLock<Arc<Tokens>>>,
    hotkeys: Hotkeys,
}

impl Guard {
    /// `certificates`: whether client certificates are requested, so that they are a scheme.
    pub fn new(mode: Mode, certificates: bool, tokens: Option<Tokens>, hotkeys: Hotkeys) -> Self {
        Self { mode, certificates, tokens: tokens.map(|tokens| RwLock::new(Arc::new(tokens))), hotkeys }
    }

    /// Whether no authentication is required.
    pub fn is_open(&self) -> bool {
        !self.certificates && self.tokens.is_none() && self.hotkeys.is_empty()
    }

    /// Replaces the tokens. Has no effect if none are configured.
    pub fn renew(&self, tokens: Tokens) {
        if let Some(current) = &self.tokens {
            *current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(tokens);
        }
    }

    /// The value of WWW-Authenticate (RFC 9110, 11.6.1): the same for every request.
    pub fn challenge(&self) -> String {
        let schemes = [
            self.tokens.is_some().then_some("Bearer realm=\"sek8s-status\""),
            (!self.hotkeys.is_empty()).then_some("Hotkey realm=\"sek8s-status\""),
            self.certificates.then_some("Certificate realm=\"sek8s-status\""),
        ];
        schemes.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// Judges a request and returns its identity for the access log; `None` if none is required.
    /// `certificate` is the subject of a verified client certificate.
    /// Fails when it is refused.
    pub fn judge(&self, certificate: Option<&str>, shown: &Credentials) -> Result<Option<String>, Denied> {
        if self.is_open() {
            return Ok(None);
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let by_certificate = || match certificate {
            Some(subject) => Judged::May(format!("cert:{subject}")),
            None => Judged::NotShown("no client certificate was presented"),
        };
        let tokens = self.tokens.as_ref();
        let tokens = tokens.map(|tokens| Arc::clone(&tokens.read().unwrap_or_else(PoisonError::into_inner)));
        // All of them, whatever the verdict of the first ones.
        let judged: Vec<Judged> = [
            self.certificates.then(by_certificate),
            tokens.map(|tokens| tokens.judge(shown)),
            (!self.hotkeys.is_empty()).then(|| self.hotkeys.judge(shown, now)),
        ]
        .into_iter()
        .flatten()
        .collect();
        combine(self.mode, judged).map(Some)
    }
}

fn combine(mode: Mode, judged: Vec<Judged>) -> Result<String, Denied> {
    let is_unknown = judged.iter().any(|one| matches!(one, Judged::NotShown(_) | Judged::Wrong(_)));
    let may_not = judged.iter().any(|one| matches!(one, Judged::MayNot(_)));
    let (mut passed, mut known) = (Vec::new(), Vec::new());
    let (mut missing, mut wrong) = (Vec::new(), Vec::new());
    for one in judged {
        match one {
            Judged::May(who) => {
                passed.push(who.clone());
                known.push(who);
            }
            Judged::MayNot(who) => {
                wrong.push(format!("{who} is not authorized"));
                known.push(who);
            }
            Judged::NotShown(why) => missing.push(why.to_owned()),
            Judged::Wrong(why) => wrong.push(why),
        }
    }
    let denial = match mode {
        Mode::Any if !passed.is_empty() => return Ok(passed.join("+")),
        Mode::All if !is_unknown && !may_not => return Ok(passed.join("+")),
        Mode::Any if may_not => Denial::Forbidden,
        Mode::All if may_not && !is_unknown => Denial::Forbidden,
        _ => Denial::Unauthenticated,
    };
    // Where one scheme is enough, the log names the one that failed, not those that were not used.
    if mode == Mode::All || wrong.is_empty() {
        wrong.append(&mut missing);
    }
    let identity = (!known.is_empty()).then(|| known.join("+"));
    Err(Denied { denial, identity, why: wrong.join("; ") })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The identity; or the denial, the identity if known, and the cause that is logged.
    type Expected = Result<&'static str, (Denial, Option<&'static str>, &'static str)>;

    #[test]
    fn any_needs_one_scheme_and_all_needs_each_and_the_log_names_the_failed_ones() {
        use Denial::{Forbidden, Unauthenticated};
        let may = || Judged::May("a".to_owned());
        let may_not = || Judged::MayNot("b".to_owned());
        let not_shown = || Judged::NotShown("no x");
        let wrong = || Judged::Wrong("y is wrong".to_owned());
        let cases: &[(Vec<Judged>, Expected, Expected)] = &[
            (vec![may()], Ok("a"), Ok("a")),
            (vec![may(), may()], Ok("a+a"), Ok("a+a")),
            (vec![may(), not_shown()], Ok("a"), Err((Unauthenticated, Some("a"), "no x"))),
            (vec![may(), wrong()], Ok("a"), Err((Unauthenticated, Some("a"), "y is wrong"))),
            (vec![may(), may_not()], Ok("a"), Err((Forbidden, Some("a+b"), "b is not authorized"))),
            (
                vec![not_shown(), may_not()],
                Err((Forbidden, Some("b"), "b is not authorized")),
                Err((Unauthenticated, Some("b"), "b is not authorized; no x")),
            ),
            (
                vec![may_not()],
                Err((Forbidden, Some("b"), "b is not authorized")),
                Err((Forbidden, Some("b"), "b is not authorized")),
            ),
            (
                vec![not_shown(), wrong()],
                Err((Unauthenticated, None, "y is wrong")),
                Err((Unauthenticated, None, "y is wrong; no x")),
            ),
            (
                vec![not_shown(), not_shown()],
                Err((Unauthenticated, None, "no x; no x")),
                Err((Unauthenticated, None, "no x; no x")),
            ),
        ];
        for (judged, any, all) in cases {
            for (mode, expected) in [(Mode::Any, any), (Mode::All, all)] {
                let combined = combine(mode, judged.clone());
                let combined = combined
                    .as_deref()
                    .map_err(|refused| (refused.denial, refused.identity.as_deref(), refused.why.as_str()));
                assert_eq!(&combined, expected, "{mode:?}: {judged:?}");
            }
        }
    }

    #[test]
    fn without_a_scheme_no_authentication_is_required() {
        let open = Guard::new(Mode::Any, false, None, Hotkeys::default());
        assert!(open.is_open());
        assert_eq!(open.judge(None, &Credentials::default()), Ok(None));
        let closed = Guard::new(Mode::Any, true, None, Hotkeys::default());
        let refused = closed.judge(None, &Credentials::default());
        assert_eq!(refused.map_err(|refused| refused.denial), Err(Denial::Unauthenticated));
        assert_eq!(closed.judge(Some("CN=a"), &Credentials::default()), Ok(Some("cert:CN=a".to_owned())));
        assert_eq!(closed.challenge(), "Certificate realm=\"sek8s-status\"");
    }
}

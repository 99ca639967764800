//! Tokens that are told by their own form.

use super::{
    Hit, Kind,
    text::{Scan, begins_with, ends_with, run},
};

/// A token that begins at `begin` with a prefix of its issuer, and goes on for at least so many bytes of this kind.
fn prefixed(
    scan: &Scan<'_>,
    begin: usize,
    prefix: usize,
    least: usize,
    kind: Kind,
    is_of_it: impl Fn(u8) -> bool,
) -> Option<Hit> {
    // First, so that each word is read once.
    if !scan.begins_word(begin) {
        return None;
    }
    let length = run(scan.from(begin + prefix), is_of_it);
    let end = begin + prefix + length;
    (length >= least && scan.ends_word(end)).then_some(Hit { begin, end, kind })
}

fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn is_of_url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_".contains(&byte)
}

/// Personal, deploy, runner, trigger, feed, job, agent, OAuth and SCIM tokens (GitLab's documentation, "Token prefixes").
const GITLAB: [&[u8]; 10] =
    [b"glpat", b"gldt", b"glrt", b"glptt", b"glft", b"glcbt", b"glagent", b"gloas", b"glsoat", b"glimt"];

/// `sk-ant-…`, `sk-…` and `glpat-…` with its siblings.
pub(super) fn at_dash(scan: &Scan<'_>, at: usize) -> Option<Hit> {
    let before = scan.before(at);
    if before.ends_with(b"sk") {
        let begin = at - 2;
        if scan.from(at).starts_with(b"-ant-") {
            return prefixed(scan, begin, 7, 20, Kind::Anthropic, is_of_url);
        }
        // Words with dashes between them have no capitals and no digits.
        let is_random = |hit: &Hit| {
            let token = scan.from(begin).get(..hit.end - begin).unwrap_or_default();
            token.iter().any(u8::is_ascii_digit) && token.iter().any(u8::is_ascii_uppercase)
        };
        return prefixed(scan, begin, 3, 20, Kind::OpenAi, is_of_url).filter(is_random);
    }
    let prefix = GITLAB.iter().find(|prefix| before.ends_with(prefix))?.len();
    prefixed(scan, at - prefix, prefix + 1, 20, Kind::GitLab, is_of_url)
}

/// `ghp_…` and its siblings, `github_pat_…`, `hf_…`.
pub(super) fn at_underscore(scan: &Scan<'_>, at: usize) -> Option<Hit> {
    let before = scan.before(at);
    let [.., second, last] = before else { return None };
    match (second, last) {
        (b'h', b'f') => prefixed(scan, at - 2, 3, 20, Kind::HuggingFace, is_alphanumeric),
        // Personal, OAuth, user-to-server, server-to-server and refresh tokens.
        (b'h', b'p' | b'o' | b'u' | b's' | b'r') if before.ends_with(&[b'g', b'h', *last]) => {
            prefixed(scan, at - 3, 4, 30, Kind::GitHub, is_alphanumeric)
        }
        _ if before.ends_with(b"github") && scan.from(at).starts_with(b"_pat_") => {
            prefixed(scan, at - 6, 11, 22, Kind::GitHub, |byte| is_alphanumeric(byte) || byte == b'_')
        }
        _ => None,
    }
}

/// `AGE-SECRET-KEY-1…`, `AKIA…`, `ASIA…`.
pub(super) fn at_capital_a(scan: &Scan<'_>, at: usize) -> Option<Hit> {
    let is_capital = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let text = scan.from(at);
    if text.starts_with(b"AGE-SECRET-KEY-1") {
        return prefixed(scan, at, 16, 50, Kind::AgeKey, is_capital);
    }
    let is_aws = text.starts_with(b"AKIA") || text.starts_with(b"ASIA");
    is_aws
        .then(|| prefixed(scan, at, 4, 16, Kind::AwsKey, is_capital))
        .flatten()
        .filter(|hit| hit.end - at == 20)
}

/// A JSON Web Token: `eyJ` is `{"` in base64, and two or three parts have a dot between them (RFC 7519).
pub(super) fn at_capital_j(scan: &Scan<'_>, at: usize) -> Option<Hit> {
    if !scan.before(at).ends_with(b"ey") {
        return None;
    }
    let begin = at - 2;
    // What stands behind a dot is part of what stands before it.
    if !scan.begins_word(begin) || scan.all_before(begin).last() == Some(&b'.') {
        return None;
    }
    let is_of_it = |byte: u8| is_of_url(byte) || byte == b'.';
    let token = scan.from(begin).get(..run(scan.from(begin), is_of_it))?;
    // A full stop behind it ends a sentence, unless the signature is missing.
    let dots = token.split(|byte| *byte == b'.').count() - 1;
    let token = if dots > 2 { token.strip_suffix(b".").unwrap_or(token) } else { token };
    let mut parts = token.split(|byte| *byte == b'.');
    let (header, claims) = (parts.next()?, parts.next()?);
    let is_signed = parts.next().is_some() || claims.starts_with(b"eyJ");
    let is_hit = is_signed && header.len() >= 10 && claims.len() >= 4;
    is_hit.then_some(Hit { begin, end: begin + token.len(), kind: Kind::Jwt })
}

/// `K10…::…` of k3s (docs.k3s.io/cli/token); and what follows the word "token", if it has the form of kubeadm's.
pub(super) fn at_k(scan: &Scan<'_>, at: usize) -> Option<Hit> {
    let text = scan.from(at);
    if text.starts_with(b"K10") && scan.begins_word(at) {
        let hash = run(text.get(3..).unwrap_or_default(), |byte| byte.is_ascii_hexdigit());
        let secret = at + 3 + hash;
        if hash >= 32 && scan.from(secret).starts_with(b"::") {
            let length = run(scan.from(secret), |byte| {
                !byte.is_ascii_whitespace() && !b"\"'`,;)]}<>\\".contains(&byte)
            });
            return Some(Hit { begin: at, end: secret + length, kind: Kind::K3sToken });
        }
        return None;
    }
    if !ends_with(scan.all_before(at), b"to") || !begins_with(text, b"ken") {
        return None;
    }
    let begin = at + 3 + run(text.get(3..7).unwrap_or_default(), |byte| b" \t:=\"'(`<".contains(&byte));
    // [a-z0-9]{6}\.[a-z0-9]{16} (kubeadm-token(1)); the part before the dot is public, and alone no secret.
    let is_of_it = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let token = scan.from(begin).get(..23)?;
    let (id, rest) = token.split_at_checked(6)?;
    let (dot, secret) = rest.split_first()?;
    let is_hit = begin > at + 3
        && *dot == b'.'
        && id.iter().chain(secret).all(|byte| is_of_it(*byte))
        && scan.ends_word(begin + 23);
    is_hit.then_some(Hit { begin, end: begin + 23, kind: Kind::KubeadmToken })
}

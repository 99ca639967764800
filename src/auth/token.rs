//! Bearer tokens (RFC 6750): a file with one per line.

use blake2::{Blake2b, Digest, digest::consts::U32};
use subtle::{ConditionallySelectable, ConstantTimeEq};

use super::{Credentials, Judged};

/// The fewest characters of a token.
pub(super) const SHORTEST: usize = 32;

/// The tokens of a file. Only their digests are kept: all of one length, so that comparing tells nothing.
#[derive(Debug)]
pub struct Tokens(Vec<Token>);

#[derive(Debug)]
struct Token {
    line: u64,
    digest: [u8; 32],
}

impl Tokens {
    /// Reads a file's text. Blank lines and those that start with `#` are left out.
    /// Fails when a line is not a token, or there are no tokens: what is wrong, without the token.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut tokens = Vec::new();
        for (line, token) in (1..).zip(text.lines().map(str::trim)) {
            if token.is_empty() || token.starts_with('#') {
                continue;
            }
            if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(format!("line {line} contains characters other than visible ASCII"));
            }
            if token.len() < SHORTEST {
                return Err(format!("line {line} is shorter than {SHORTEST} characters"));
            }
            tokens.push(Token { line, digest: digest(token) });
        }
        if tokens.is_empty() { Err("it contains no token".to_owned()) } else { Ok(Self(tokens)) }
    }

    /// The number of the line that has this token. Takes as long for every token, right or wrong.
    fn line(&self, token: &str) -> Option<u64> {
        let digest = digest(token);
        let mut found = 0;
        for known in &self.0 {
            found.conditional_assign(&known.line, known.digest.ct_eq(&digest));
        }
        (found != 0).then_some(found)
    }

    pub(crate) fn judge(&self, shown: &Credentials) -> Judged {
        if shown.authorization.is_missing() {
            return Judged::NotShown("no token was sent");
        }
        match self.line_of(shown) {
            Ok(line) => Judged::May(format!("token:{line}")),
            Err(why) => Judged::Wrong(why),
        }
    }

    /// The line of the token that was sent, or why it has none. A wrong token is never repeated: it may be
    /// valid elsewhere.
    fn line_of(&self, shown: &Credentials) -> Result<u64, String> {
        let text = shown.authorization.text().map_err(|why| format!("the header Authorization {why}"))?;
        let token = bearer(text).ok_or("the header Authorization is not `Bearer TOKEN`")?;
        self.line(token).ok_or_else(|| "the token is not in the token file".to_owned())
    }
}

fn digest(token: &str) -> [u8; 32] {
    Blake2b::<U32>::digest(token).into()
}

/// `Bearer TOKEN`, the scheme in any case (RFC 9110, 11.1).
fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim_start_matches(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    #[test]
    fn a_file_has_one_token_per_line() {
        let tokens = Tokens::parse(&format!("# rotated in May\r\n\n{A}\r\n  {B}  \n")).unwrap();
        assert_eq!((tokens.line(A), tokens.line(B)), (Some(3), Some(4)));
        for wrong in ["", "x", &A[..31], &format!("{A}a"), "# rotated in May"] {
            assert_eq!(tokens.line(wrong), None, "{wrong}");
        }
        for (text, why) in [
            ("", "it contains no token"),
            ("\n# no\n \n", "it contains no token"),
            (&format!("{A}\n{}", &A[..31]), "line 2 is shorter than 32 characters"),
            (&format!("{A} {A}"), "line 1 contains characters other than visible ASCII"),
            ("ééééééééééééééééééééééééééééééééé", "line 1 contains characters other than visible ASCII"),
        ] {
            assert_eq!(Tokens::parse(text).unwrap_err(), why);
        }
        assert!(!format!("{tokens:?}").contains(A));
    }

    #[test]
    fn a_token_follows_its_scheme() {
        for (text, token) in [
            ("Bearer x", Some("x")),
            ("bearer  x", Some("x")),
            ("BEARER x y", Some("x y")),
            ("Bearer", None),
            ("Basic x", None),
            ("Bearerx", None),
            ("", None),
        ] {
            assert_eq!(bearer(text), token, "{text}");
        }
    }
}

//! Takes known secrets out of text before it leaves this machine. A net, not a boundary: docs/security.md says what it misses.
//!
//! One pass over the bytes stops where a secret could be, and a small parser looks at each such place. A regular
//! expression for all kinds would be slower by an order of magnitude where nothing matches, which is nearly always, and
//! the exceptions (`token: signature is invalid`) would not be part of it.

mod across;
mod assignment;
mod credentials;
mod key_block;
mod scan;
mod seed;
#[cfg(test)]
mod tests;
mod text;
mod tokens;

use std::borrow::Cow;

pub(crate) use self::across::{Across, Place};

/// Whether known secrets are taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Redaction {
    On,
    Off,
}

/// What a secret is, as far as the reader of the text has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    PrivateKey,
    Jwt,
    Authorization,
    UrlPassword,
    K3sToken,
    KubeadmToken,
    AgeKey,
    AwsKey,
    HuggingFace,
    GitHub,
    GitLab,
    Anthropic,
    OpenAi,
    Seed,
    Secret,
}

/// How every marker begins.
const MARKER: &str = "[redacted:";

impl Kind {
    const ALL: [Self; 15] = [
        Self::PrivateKey,
        Self::Jwt,
        Self::Authorization,
        Self::UrlPassword,
        Self::K3sToken,
        Self::KubeadmToken,
        Self::AgeKey,
        Self::AwsKey,
        Self::HuggingFace,
        Self::GitHub,
        Self::GitLab,
        Self::Anthropic,
        Self::OpenAi,
        Self::Seed,
        Self::Secret,
    ];

    /// What stands in the place of the secret; at most 24 bytes.
    fn marker(self) -> &'static str {
        match self {
            Self::PrivateKey => "[redacted:private-key]",
            Self::Jwt => "[redacted:jwt]",
            Self::Authorization => "[redacted:authorization]",
            Self::UrlPassword => "[redacted:url-password]",
            Self::K3sToken => "[redacted:k3s-token]",
            Self::KubeadmToken => "[redacted:kubeadm-token]",
            Self::AgeKey => "[redacted:age-key]",
            Self::AwsKey => "[redacted:aws-key]",
            Self::HuggingFace => "[redacted:hugging-face]",
            Self::GitHub => "[redacted:github]",
            Self::GitLab => "[redacted:gitlab]",
            Self::Anthropic => "[redacted:anthropic]",
            Self::OpenAi => "[redacted:openai]",
            Self::Seed => "[redacted:seed]",
            Self::Secret => "[redacted:secret]",
        }
    }
}

/// A secret in a text: from its first byte to behind its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Hit {
    begin: usize,
    end: usize,
    kind: Kind,
}

impl Redaction {
    /// The bytes without the secrets that are in them; as they are where there are none.
    pub(crate) fn bytes(self, text: &[u8]) -> Cow<'_, [u8]> {
        if self == Self::Off {
            return Cow::Borrowed(text);
        }
        let mut redacted = Cow::Borrowed(text);
        // A marker can make what stands beside it look like a secret. It is taken out as well, so that redacting once more
        // changes nothing.
        for _ in 0..ROUNDS {
            let hits = scan::hits(&redacted);
            if hits.is_empty() {
                break;
            }
            redacted = Cow::Owned(without(&redacted, &hits));
        }
        redacted
    }

    /// The text without the secrets that are in it.
    pub(crate) fn text(self, text: String) -> String {
        match self.bytes(text.as_bytes()) {
            // A secret begins and ends at characters, so this is lossless.
            Cow::Owned(redacted) => String::from_utf8_lossy(&redacted).into_owned(),
            Cow::Borrowed(_) => text,
        }
    }
}

/// So often at most a text is looked at; two rounds are enough for all but texts that were made to need more.
const ROUNDS: usize = 8;

/// The text with a marker in the place of each secret.
fn without(text: &[u8], hits: &[Hit]) -> Vec<u8> {
    let mut redacted = Vec::with_capacity(text.len());
    let mut done = 0;
    for hit in hits {
        redacted.extend_from_slice(text.get(done..hit.begin).unwrap_or_default());
        redacted.extend_from_slice(hit.kind.marker().as_bytes());
        done = hit.end;
    }
    redacted.extend_from_slice(text.get(done..).unwrap_or_default());
    redacted
}

/// How many markers the text has. They are counted where they are shown, so a recording that was redacted when it was
/// written has the same number as the machine that it was recorded on.
pub(crate) fn count(text: &str) -> u64 {
    let rests =
        memchr::memmem::find_iter(text.as_bytes(), MARKER).map(|at| text.get(at..).unwrap_or_default());
    rests.filter(|rest| Kind::ALL.iter().any(|kind| rest.starts_with(kind.marker()))).count() as u64
}

//! Signed requests, as miners and validators send them: sr25519 over `hotkey:nonce:purpose`.

use schnorrkel::{PublicKey, Signature};

use super::{Address, Credentials, Judged};

/// What a signature has to be for.
pub const PURPOSE: &str = "status";

/// How old a nonce may be, in seconds.
pub const MAX_AGE: u64 = 30;

/// How far ahead of our clock a nonce may be, in seconds.
pub const MAX_AHEAD: u64 = 5;

/// Domain of the signatures of Substrate's accounts (`sp_core::sr25519`).
const CONTEXT: &[u8] = b"substrate";

/// The keys that may ask.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hotkeys(Vec<Address>);

impl Hotkeys {
    /// Allows these.
    #[must_use]
    pub fn new(allowed: Vec<Address>) -> Self {
        Self(allowed)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `now` is in seconds since 1970.
    pub(super) fn judge(&self, shown: &Credentials, now: u64) -> Judged {
        let Some(signer) = signer(shown, now) else { return Judged::Unknown };
        match self.0.iter().find(|allowed| allowed.key() == signer.key()) {
            Some(allowed) => Judged::May(format!("hotkey:{allowed}")),
            None => Judged::MayNot,
        }
    }
}

/// Who has signed this request, a moment ago.
fn signer(shown: &Credentials, now: u64) -> Option<Address> {
    let (hotkey, nonce) = (shown.hotkey.as_deref()?, shown.nonce.as_deref()?);
    let address = Address::parse(hotkey)?;
    let signature = signature(shown.signature.as_deref()?)?;
    if !is_fresh(nonce, now) {
        return None;
    }
    let key = PublicKey::from_bytes(address.key()).ok()?;
    let message = format!("{hotkey}:{nonce}:{PURPOSE}");
    key.verify_simple(CONTEXT, message.as_bytes(), &signature).ok()?;
    Some(address)
}

/// 64 bytes in hex, with or without `0x`.
fn signature(text: &str) -> Option<Signature> {
    let mut bytes = [0; 64];
    hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut bytes).ok()?;
    Signature::from_bytes(&bytes).ok()
}

/// A Unix time in plain digits, of just now.
fn is_fresh(nonce: &str, now: u64) -> bool {
    let is_plain = nonce.bytes().all(|byte| byte.is_ascii_digit());
    let Some(time) = nonce.parse::<u64>().ok().filter(|_| is_plain) else { return false };
    now.saturating_sub(time) <= MAX_AGE && time.saturating_sub(now) <= MAX_AHEAD
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test ends by panicking")]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Made by another implementation of sr25519; how is in the file.
    const VECTORS: &str = include_str!("../../tests/data/sr25519.json");

    fn credentials(vector: &Value) -> Credentials {
        let text = |name: &str| vector[name].as_str().map(str::to_owned);
        Credentials {
            authorization: None,
            hotkey: text("hotkey"),
            nonce: text("nonce"),
            signature: text("signature"),
        }
    }

    fn vectors() -> Vec<Value> {
        serde_json::from_str::<Value>(VECTORS).unwrap()["vectors"].as_array().unwrap().clone()
    }

    fn now(vector: &Value) -> u64 {
        vector["nonce"].as_str().unwrap().parse().unwrap()
    }

    #[test]
    fn signatures_of_another_implementation_are_right() {
        assert!(vectors().len() >= 8);
        for vector in vectors() {
            let shown = credentials(&vector);
            let address = Address::parse(vector["hotkey"].as_str().unwrap()).unwrap();
            let expected = if vector["purpose"] == PURPOSE { Some(address) } else { None };
            assert_eq!(signer(&shown, now(&vector)), expected, "{vector}");
            let prefixed = Credentials {
                signature: shown.signature.as_deref().map(|signature| format!("0x{signature}")),
                ..shown
            };
            assert_eq!(signer(&prefixed, now(&vector)), expected, "{vector}");
        }
    }

    #[test]
    fn one_bit_more_or_less_and_nobody_has_signed() {
        let vector = &vectors()[0];
        let right = credentials(vector);
        assert!(signer(&right, now(vector)).is_some());
        let signature = hex::decode(right.signature.as_deref().unwrap()).unwrap();
        for bit in 0..512 {
            let mut wrong = signature.clone();
            wrong[bit / 8] ^= 1 << (bit % 8);
            let shown = Credentials { signature: Some(hex::encode(wrong)), ..right.clone() };
            assert_eq!(signer(&shown, now(vector)), None, "bit {bit}");
        }
        let flipped = |text: &str| -> Vec<String> {
            let flip = |bit: usize| {
                let mut bytes = text.as_bytes().to_vec();
                bytes[bit / 8] ^= 1 << (bit % 8);
                String::from_utf8(bytes).ok()
            };
            (0..text.len() * 8).filter_map(flip).collect()
        };
        for nonce in flipped(vector["nonce"].as_str().unwrap()) {
            // Also where the time would be right.
            let now = nonce.parse().unwrap_or(now(vector));
            let shown = Credentials { nonce: Some(nonce.clone()), ..right.clone() };
            assert_eq!(signer(&shown, now), None, "{nonce}");
        }
        for hotkey in flipped(vector["hotkey"].as_str().unwrap()) {
            let shown = Credentials { hotkey: Some(hotkey.clone()), ..right.clone() };
            assert_eq!(signer(&shown, now(vector)), None, "{hotkey}");
        }
    }

    #[test]
    fn a_nonce_is_a_time_of_just_now() {
        let now = 1_800_000_000;
        for (nonce, is_right) in [
            ("1800000000", true),
            ("1799999970", true),
            ("1799999969", false),
            ("1800000005", true),
            ("1800000006", false),
            ("01800000000", true),
            ("", false),
            ("+1800000000", false),
            ("-1800000000", false),
            ("1800000000.0", false),
            ("1.8e9", false),
            (" 1800000000", false),
            ("18446744073709551615", false),
            ("18446744073709551616", false),
            ("0", false),
        ] {
            assert_eq!(is_fresh(nonce, now), is_right, "{nonce}");
        }
    }

    #[test]
    fn what_is_no_signature_is_none() {
        let right = "ab".repeat(63) + "80";
        assert!(signature(&right).is_some());
        for wrong in
            ["", "0x", &right[2..], &(right.clone() + "00"), &right.replace('a', "g"), &format!("0X{right}")]
        {
            assert!(signature(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_key_that_is_not_allowed_is_known_all_the_same() {
        let (first, other) = (&vectors()[0], &vectors()[1]);
        let allows =
            |vector: &Value| Hotkeys::new(vec![Address::parse(vector["hotkey"].as_str().unwrap()).unwrap()]);
        assert_ne!(first["hotkey"], other["hotkey"]);
        let shown = credentials(first);
        let name = format!("hotkey:{}", first["hotkey"].as_str().unwrap());
        assert_eq!(allows(first).judge(&shown, now(first)), Judged::May(name));
        assert_eq!(allows(other).judge(&shown, now(first)), Judged::MayNot);
        assert_eq!(allows(other).judge(&shown, now(first) + MAX_AGE + 1), Judged::Unknown);
    }
}

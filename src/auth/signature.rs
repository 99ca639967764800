//! Signed requests, as miners and validators send them: sr25519 over `hotkey:nonce:purpose`.

use schnorrkel::{PublicKey, Signature};

use super::{Address, Credentials, Judged, credentials::Shown};

/// The purpose that a signature must cover.
pub const PURPOSE: &str = "status";

/// The largest difference between a nonce and our clock, in either direction, in seconds.
pub(crate) const MAX_DRIFT: u64 = 30;

/// Domain of the signatures of Substrate's accounts (`sp_core::sr25519`).
const CONTEXT: &[u8] = b"substrate";

/// The authorized keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hotkeys(Vec<Address>);

impl Hotkeys {
    /// Authorizes these.
    pub fn new(allowed: Vec<Address>) -> Self {
        Self(allowed)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `now` is in seconds since 1970.
    pub(crate) fn judge(&self, shown: &Credentials, now: u64) -> Judged {
        if [&shown.hotkey, &shown.nonce, &shown.signature].iter().all(|header| header.is_missing()) {
            return Judged::NotShown("no signature was sent");
        }
        let signer = match signer(shown, now) {
            Ok(signer) => signer,
            Err(why) => return Judged::Wrong(why),
        };
        match self.0.iter().find(|allowed| allowed.key() == signer.key()) {
            Some(allowed) => Judged::May(format!("hotkey:{allowed}")),
            None => Judged::MayNot(format!("hotkey:{signer}")),
        }
    }
}

/// The signer of this request, if the signature is valid and recent; otherwise the cause, for the operator's log.
/// Unreadable values are not repeated there: they may be secrets in the wrong place.
fn signer(shown: &Credentials, now: u64) -> Result<Address, String> {
    let header = |shown: &'_ Shown, name| match shown.text() {
        Ok(text) => Ok(text.to_owned()),
        Err(why) => Err(format!("the header X-Chutes-{name} {why}")),
    };
    let hotkey = header(&shown.hotkey, "Hotkey")?;
    let nonce = header(&shown.nonce, "Nonce")?;
    let signature = header(&shown.signature, "Signature")?;
    let address: Address = hotkey.parse().map_err(|()| "the hotkey is not an SS58 address")?;
    let time = time(&nonce).ok_or("the nonce is not a Unix time in whole seconds")?;
    let signature = self::signature(&signature).ok_or("the signature is not 64 bytes in hex")?;
    let message = format!("{hotkey}:{nonce}:{PURPOSE}");
    let is_signed = PublicKey::from_bytes(address.key())
        .and_then(|key| key.verify_simple(CONTEXT, message.as_bytes(), &signature))
        .is_ok();
    if !is_signed {
        return Err(format!(
            "signature verification failed: it must cover `HOTKEY:NONCE:{PURPOSE}` and be made with the key of {address}"
        ));
    }
    // Last, so that the log blames the clock only if nothing else is wrong.
    let drift = now.abs_diff(time);
    if drift > MAX_DRIFT {
        let side = if time > now { "ahead of" } else { "behind" };
        return Err(format!(
            "the nonce of {address} is {drift} s {side} the clock of this machine; the limit is {MAX_DRIFT} s"
        ));
    }
    Ok(address)
}

/// 64 bytes in hex, with or without `0x`.
fn signature(text: &str) -> Option<Signature> {
    let mut bytes = [0; 64];
    hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut bytes).ok()?;
    Signature::from_bytes(&bytes).ok()
}

/// A Unix time in plain digits.
fn time(nonce: &str) -> Option<u64> {
    let is_plain = nonce.bytes().all(|byte| byte.is_ascii_digit());
    nonce.parse().ok().filter(|_| is_plain)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Made by another implementation of sr25519; how is in the file.
    const VECTORS: &str = include_str!("../../tests/data/sr25519.json");

    fn credentials(vector: &Value) -> Credentials {
        let text = |name: &str| Shown::Text(vector[name].as_str().unwrap().to_owned());
        Credentials {
            authorization: Shown::Missing,
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
            let address = vector["hotkey"].as_str().unwrap().parse().unwrap();
            let expected = if vector["purpose"] == PURPOSE { Some(address) } else { None };
            assert_eq!(signer(&shown, now(&vector)).ok(), expected, "{vector}");
            let prefixed = Credentials {
                signature: Shown::Text(format!("0x{}", shown.signature.text().unwrap())),
                ..shown
            };
            assert_eq!(signer(&prefixed, now(&vector)).ok(), expected, "{vector}");
        }
    }

    #[test]
    fn one_bit_more_or_less_and_nobody_has_signed() {
        let vector = &vectors()[0];
        let right = credentials(vector);
        assert!(signer(&right, now(vector)).is_ok());
        let signature = hex::decode(right.signature.text().unwrap()).unwrap();
        for bit in 0..512 {
            let mut wrong = signature.clone();
            wrong[bit / 8] ^= 1 << (bit % 8);
            let shown = Credentials { signature: Shown::Text(hex::encode(wrong)), ..right.clone() };
            assert!(signer(&shown, now(vector)).is_err(), "bit {bit}");
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
            let shown = Credentials { nonce: Shown::Text(nonce.clone()), ..right.clone() };
            assert!(signer(&shown, now).is_err(), "{nonce}");
        }
        for hotkey in flipped(vector["hotkey"].as_str().unwrap()) {
            let shown = Credentials { hotkey: Shown::Text(hotkey.clone()), ..right.clone() };
            assert!(signer(&shown, now(vector)).is_err(), "{hotkey}");
        }
    }

    #[test]
    fn a_nonce_is_a_time_in_plain_digits() {
        for (nonce, expected) in [
            ("1800000000", Some(1_800_000_000)),
            ("01800000000", Some(1_800_000_000)),
            ("0", Some(0)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("", None),
            ("+1800000000", None),
            ("-1800000000", None),
            ("1800000000.0", None),
            ("1.8e9", None),
            (" 1800000000", None),
        ] {
            assert_eq!(time(nonce), expected, "{nonce}");
        }
    }

    #[test]
    fn a_nonce_is_valid_for_thirty_seconds_in_both_directions() {
        let vector = &vectors()[0];
        let shown = credentials(vector);
        let (then, hotkey) = (now(vector), vector["hotkey"].as_str().unwrap());
        for now in [then - 30, then - 6, then, then + 30] {
            assert!(signer(&shown, now).is_ok(), "{now}");
        }
        for (now, side) in [
            (then - 31, "31 s ahead of"),
            (then + 31, "31 s behind"),
            (0, &format!("{then} s ahead of")),
            (u64::MAX, &format!("{} s behind", u64::MAX - then)),
        ] {
            assert_eq!(
                signer(&shown, now).unwrap_err(),
                format!("the nonce of {hotkey} is {side} the clock of this machine; the limit is 30 s")
            );
        }
    }

    #[test]
    fn the_log_names_the_cause_and_repeats_nothing_that_may_be_a_secret() {
        const SECRET: &str = "bottom drive obey lake curtain smoke";
        let vector = &vectors()[0];
        let right = credentials(vector);
        let other = vectors()[1]["hotkey"].as_str().unwrap().to_owned();
        let secret = || Shown::Text(SECRET.to_owned());
        let cases: [(Credentials, &str); 8] = [
            (
                Credentials { hotkey: Shown::Missing, ..right.clone() },
                "the header X-Chutes-Hotkey is missing",
            ),
            (
                Credentials { nonce: Shown::Repeated, ..right.clone() },
                "the header X-Chutes-Nonce was sent more than once",
            ),
            (
                Credentials { signature: Shown::Unreadable, ..right.clone() },
                "the header X-Chutes-Signature is not plain ASCII",
            ),
            (Credentials { hotkey: secret(), ..right.clone() }, "the hotkey is not an SS58 address"),
            (
                Credentials { nonce: secret(), ..right.clone() },
                "the nonce is not a Unix time in whole seconds",
            ),
            (Credentials { signature: secret(), ..right.clone() }, "the signature is not 64 bytes in hex"),
            (
                Credentials { hotkey: Shown::Text(other.clone()), ..right.clone() },
                &format!(
                    "signature verification failed: it must cover `HOTKEY:NONCE:status` and be made with the key of {other}"
                ),
            ),
            // If both are wrong, the log names the key: anyone can send any time.
            (
                Credentials { nonce: Shown::Text("1".to_owned()), ..right.clone() },
                &format!(
                    "signature verification failed: it must cover `HOTKEY:NONCE:status` and be made with the key of {}",
                    vector["hotkey"].as_str().unwrap()
                ),
            ),
        ];
        for (shown, why) in cases {
            assert_eq!(signer(&shown, now(vector)).unwrap_err(), why);
        }
    }

    #[test]
    fn malformed_signatures_are_rejected() {
        let right = "ab".repeat(63) + "80";
        assert!(signature(&right).is_some());
        for wrong in
            ["", "0x", &right[2..], &(right.clone() + "00"), &right.replace('a', "g"), &format!("0X{right}")]
        {
            assert!(signature(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_key_that_is_not_authorized_is_still_identified() {
        let (first, other) = (&vectors()[0], &vectors()[1]);
        let allows = |vector: &Value| Hotkeys::new(vec![vector["hotkey"].as_str().unwrap().parse().unwrap()]);
        assert_ne!(first["hotkey"], other["hotkey"]);
        let shown = credentials(first);
        let name = format!("hotkey:{}", first["hotkey"].as_str().unwrap());
        assert_eq!(allows(first).judge(&shown, now(first)), Judged::May(name.clone()));
        assert_eq!(allows(other).judge(&shown, now(first)), Judged::MayNot(name));
        let late = allows(other).judge(&shown, now(first) + MAX_DRIFT + 1);
        assert!(matches!(late, Judged::Wrong(_)), "{late:?}");
        let nothing = allows(other).judge(&Credentials::default(), now(first));
        assert!(matches!(nothing, Judged::NotShown(_)), "{nothing:?}");
    }
}

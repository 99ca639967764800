//! Addresses as Substrate writes them: SS58, base 58 of network, public key and checksum
//! (<https://docs.polkadot.com/polkadot-protocol/basics/accounts>).

use std::{fmt, str::FromStr};

use blake2::{Blake2b512, Digest};

/// The longest text of an address: 36 bytes take 50 characters of base 58 at most.
const LONGEST: usize = 50;

/// A public key with its original text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    text: String,
    key: [u8; 32],
}

impl FromStr for Address {
    type Err = ();

    /// Parses an address of any network. The all-zero key is rejected: anyone can forge a signature for it, since it is
    /// the neutral element of the group.
    fn from_str(text: &str) -> Result<Self, ()> {
        parse(text).ok_or(())
    }
}

fn parse(text: &str) -> Option<Address> {
    if text.len() > LONGEST {
        return None;
    }
    let bytes = bs58::decode(text).into_vec().ok()?;
    // One byte of network below 64, else two; what is from 128 on is reserved.
    let network = match bytes.first()? {
        0..=63 => 1,
        64..=127 => 2,
        _ => return None,
    };
    let (body, checksum) = bytes.split_at_checked(network + 32)?;
    let expected = Blake2b512::new().chain_update(b"SS58PRE").chain_update(body).finalize();
    if checksum != expected.get(..2)? {
        return None;
    }
    let key: [u8; 32] = body.get(network..)?.try_into().ok()?;
    if key == [0; 32] {
        return None;
    }
    Some(Address { text: text.to_owned(), key })
}

impl Address {
    /// The public key.
    pub fn key(&self) -> &[u8; 32] {
        &self.key
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The development account Alice, as every Substrate node prints it.
    const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
    const ALICE_KEY: &str = "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";

    #[test]
    fn the_key_is_the_same_on_every_network() {
        // Substrate, Polkadot, and one with two bytes of network.
        for text in [ALICE, "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5"] {
            let address = text.parse::<Address>().unwrap();
            assert_eq!(hex::encode(address.key()), ALICE_KEY, "{text}");
            assert_eq!(address.to_string(), text);
        }
        for network in [0_u16, 42, 63, 64, 255, 1284, 16383] {
            let text = written(network, &hex::decode(ALICE_KEY).unwrap());
            assert_eq!(hex::encode(text.parse::<Address>().unwrap().key()), ALICE_KEY, "{network}: {text}");
        }
    }

    /// As the specification has it: 14 bits of network in two bytes, from 64 on.
    fn written(network: u16, key: &[u8]) -> String {
        let mut bytes = match u8::try_from(network) {
            Ok(network @ 0..=63) => vec![network],
            _ => vec![
                u8::try_from((network & 0b0000_0000_1111_1100) >> 2).unwrap() | 0b0100_0000,
                u8::try_from(((network & 0b11) << 6) | (network >> 8)).unwrap(),
            ],
        };
        bytes.extend(key);
        let checksum = Blake2b512::new().chain_update(b"SS58PRE").chain_update(&bytes).finalize();
        bytes.extend(&checksum[..2]);
        bs58::encode(bytes).into_string()
    }

    #[test]
    fn malformed_addresses_are_rejected() {
        for place in 0..ALICE.len() {
            let mut wrong = ALICE.as_bytes().to_vec();
            wrong[place] = if wrong[place] == b'3' { b'4' } else { b'3' };
            assert_eq!(std::str::from_utf8(&wrong).unwrap().parse::<Address>(), Err(()), "at {place}");
        }
        let key = hex::decode(ALICE_KEY).unwrap();
        for wrong in [
            "",
            "0",
            &ALICE[1..],
            &ALICE[..ALICE.len() - 1],
            &format!("{ALICE}1"),
            &format!("1{ALICE}"),
            &format!("{ALICE} "),
            &written(42, &key[..31]),
            &written(42, &[0; 32]),
            &written(42, &[&key[..], &[0]].concat()),
            &"1".repeat(1000),
            "\u{feff}",
        ] {
            assert_eq!(wrong.parse::<Address>(), Err(()), "{wrong}");
        }
    }
}

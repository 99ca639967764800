//! Times the check of one signed request, as the gate does it: the median of many, in milliseconds.

#![expect(clippy::print_stdout, reason = "it prints for benches/figures")]

use std::time::{Duration, Instant, SystemTime};

use blake2::{Blake2b512, Digest};
use schnorrkel::{ExpansionMode, MiniSecretKey};
use sek8s_status::inside::{Credentials, Guard, Hotkeys, Mode, PURPOSE};

const ROUNDS: usize = 2000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pair =
        MiniSecretKey::from_bytes(&[7; 32]).map_err(|_| "no key")?.expand_to_keypair(ExpansionMode::Ed25519);
    let mut bytes = vec![42];
    bytes.extend(pair.public.to_bytes());
    let checksum = Blake2b512::new().chain_update(b"SS58PRE").chain_update(&bytes).finalize();
    bytes.extend(checksum.get(..2).unwrap_or_default());
    let hotkey = bs58::encode(bytes).into_string();
    let guard =
        Guard::new(Mode::Any, false, None, Hotkeys::new(vec![hotkey.parse().map_err(|()| "no address")?]));
    let mut times: Vec<Duration> = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let nonce = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs().to_string();
        let message = format!("{hotkey}:{nonce}:{PURPOSE}");
        let signature = hex::encode(pair.sign_simple(b"substrate", message.as_bytes()).to_bytes());
        let headers = [
            ("X-Chutes-Hotkey", hotkey.as_bytes()),
            ("X-Chutes-Nonce", nonce.as_bytes()),
            ("X-Chutes-Signature", signature.as_bytes()),
        ];
        let shown = Credentials::of(&headers.into_iter());
        let begun = Instant::now();
        guard.judge(None, &shown).map_err(|_| "refused")?;
        times.push(begun.elapsed());
    }
    times.sort();
    let median = times.get(ROUNDS / 2).copied().unwrap_or_default();
    println!("{:.3}", median.as_secs_f64() * 1000.0);
    Ok(())
}

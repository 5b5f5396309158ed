//! What the bench beside the peers measures without Python between.
//!
//! `measure encode|decode|short|load RANKS PATTERN TEXTS IDS`: TEXTS is a file of texts, each after its length as four
//! little-endian bytes; the ids, or what was decoded, go to the file IDS. The seconds of two runs, or for `short` of one
//! call, are printed.

#![allow(clippy::print_stdout, reason = "a program talks to who called it")]

use std::error::Error;
use std::time::Instant;
use std::{env, fs};

use ironbpe::{Merges, Pattern, Specials, TokenId, Tokenizer, Vocabulary};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [what, ranks, pattern, texts, out] = &arguments[..] else {
        return Err("usage: measure WHAT RANKS PATTERN TEXTS IDS".into());
    };
    let texts = fs::read(texts)?;
    let texts = split(&texts);
    let begun = Instant::now();
    let tokenizer = load(ranks, pattern)?;
    let loaded = begun.elapsed().as_secs_f64();
    let mut seconds = Vec::new();
    let mut written: Vec<u8> = Vec::new();
    match what.as_str() {
        "encode" => {
            for run in 0..2 {
                let begun = Instant::now();
                let each = texts.iter().map(|text| tokenizer.encode_ordinary(text));
                let ids: Vec<Vec<TokenId>> = each.collect::<Result<_, _>>()?;
                seconds.push(begun.elapsed().as_secs_f64());
                if run == 0 {
                    written = ids
                        .iter()
                        .flatten()
                        .flat_map(|id| id.to_le_bytes())
                        .collect();
                }
            }
        }
        "decode" => {
            let each = texts.iter().map(|text| tokenizer.encode_ordinary(text));
            let ids: Vec<Vec<TokenId>> = each.collect::<Result<_, _>>()?;
            for _ in 0..2 {
                let begun = Instant::now();
                let decoded: Vec<String> = ids
                    .iter()
                    .map(|ids| tokenizer.decode(ids))
                    .collect::<Result<_, _>>()?;
                seconds.push(begun.elapsed().as_secs_f64());
                written = decoded.concat().into_bytes();
            }
        }
        "short" => {
            const CALLS: u32 = 20_000;
            let mut best = f64::INFINITY;
            for _ in 0..5 {
                let begun = Instant::now();
                for _ in 0..CALLS {
                    std::hint::black_box(tokenizer.encode_ordinary(texts[0])?);
                }
                best = best.min(begun.elapsed().as_secs_f64() / f64::from(CALLS));
            }
            seconds.push(best);
            let ids = tokenizer.encode_ordinary(texts[0])?;
            written = ids.iter().flat_map(|id| id.to_le_bytes()).collect();
        }
        "load" => {
            seconds.push(loaded);
            let ids = tokenizer.encode_ordinary(texts[0])?;
            written = ids.iter().flat_map(|id| id.to_le_bytes()).collect();
        }
        other => return Err(format!("there is no measurement `{other}`").into()),
    }
    fs::write(out, written)?;
    println!("{seconds:?}");
    Ok(())
}

fn split(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut texts = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let (text, rest) = rest.split_at(u32::from_le_bytes(*length) as usize);
        texts.push(text);
        bytes = rest;
    }
    texts
}

fn load(ranks: &str, pattern: &str) -> Result<Tokenizer, Box<dyn Error>> {
    use base64::Engine as _;
    let text = fs::read_to_string(ranks)?;
    let tokens: Vec<(Vec<u8>, TokenId)> = text
        .lines()
        .map(|line| {
            let (token, rank) = line.split_once(' ').ok_or("no rank")?;
            let token = base64::engine::general_purpose::STANDARD.decode(token)?;
            Ok((token, rank.parse()?))
        })
        .collect::<Result<_, Box<dyn Error>>>()?;
    let vocabulary = Vocabulary::from_tokens(tokens)?;
    let merges = Merges::from_ranks(&vocabulary);
    let pattern = match pattern {
        "cl100k" => Pattern::cl100k(),
        "o200k" => Pattern::o200k(),
        regex => Pattern::new(regex)?,
    };
    Ok(Tokenizer::from_parts(
        pattern,
        vocabulary,
        merges,
        Specials::default(),
    )?)
}

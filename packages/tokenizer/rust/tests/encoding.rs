//! Encoding gives what the plain algorithm gives, whatever the merges and the text are.

use ironbpe::{Merges, Pattern, Specials, TokenId, Tokenizer, Vocabulary};
use proptest::prelude::*;

/// The algorithm as it is told: the lowest rank, the leftmost of it, again and again.
fn plain(tokenizer: &Tokenizer, text: &[u8]) -> Vec<TokenId> {
    let (vocabulary, merges) = (tokenizer.vocabulary(), tokenizer.merges());
    let mut all = Vec::new();
    tokenizer
        .pattern()
        .for_each_piece(text, |piece| {
            if merges.whole_pieces()
                && let Some(id) = vocabulary.id(piece)
            {
                all.push(id);
                return Ok::<(), ironbpe::Error>(());
            }
            let mut ids: Vec<TokenId> = piece
                .iter()
                .map(|byte| vocabulary.id(&[*byte]).expect("all bytes are tokens"))
                .collect();
            loop {
                let pairs = ids.windows(2).enumerate();
                let lowest = pairs
                    .filter_map(|(at, pair)| Some((merges.get(pair[0], pair[1])?, at)))
                    .min_by_key(|(merge, at)| (merge.rank, *at));
                let Some((merge, at)) = lowest else { break };
                ids[at] = merge.id;
                ids.remove(at + 1);
            }
            all.extend(ids);
            Ok(())
        })
        .expect("built-in patterns do not give up");
    all
}

/// Merges of random pairs over few letters, in any order: not only what a training would give.
fn listed(choices: &[(u16, u16)]) -> Tokenizer {
    let mut tokens: Vec<Vec<u8>> = (0..=u8::MAX).map(|byte| vec![byte]).collect();
    let mut known: Vec<TokenId> = b"ab \xe4c"
        .iter()
        .map(|byte| TokenId::from(*byte))
        .collect();
    let mut pairs = Vec::new();
    for (left, right) in choices {
        let left = known[usize::from(*left) % known.len()];
        let right = known[usize::from(*right) % known.len()];
        if pairs.contains(&(left, right)) {
            continue;
        }
        let whole = [&*tokens[left as usize], &*tokens[right as usize]].concat();
        if whole.len() > 64 {
            continue;
        }
        pairs.push((left, right));
        if !tokens.contains(&whole) {
            known.push(TokenId::try_from(tokens.len()).expect("few"));
            tokens.push(whole);
        }
    }
    // Ranks that do not follow the ids.
    let half = pairs.len() / 2;
    pairs[half..].reverse();
    let vocabulary = Vocabulary::from_tokens(tokens.into_iter().zip(0..)).expect("each once");
    let merges = Merges::from_pairs(&vocabulary, pairs).expect("made so");
    Tokenizer::from_parts(Pattern::cl100k(), vocabulary, merges, Specials::default())
        .expect("made so")
}

/// The same tokens, merged by their ids.
fn by_rank(tokenizer: &Tokenizer) -> Tokenizer {
    let vocabulary = tokenizer.vocabulary().clone();
    let merges = Merges::from_ranks(&vocabulary);
    Tokenizer::from_parts(Pattern::gpt2(), vocabulary, merges, Specials::default())
        .expect("made so")
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let letters = prop::sample::select(b"aaaabbb \xe4c".to_vec());
    let runs = (letters, 1..12_usize).prop_map(|(letter, len)| vec![letter; len]);
    prop_oneof![
        prop::collection::vec(runs, 0..60).prop_map(|runs| runs.concat()),
        prop::collection::vec(any::<u8>(), 0..200),
        "\\PC{0,80}".prop_map(String::into_bytes),
        "[ab]{30,120}".prop_map(String::into_bytes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn encoding_is_what_the_plain_algorithm_gives(
        choices in prop::collection::vec((any::<u16>(), any::<u16>()), 0..60),
        texts in prop::collection::vec(text(), 1..6),
    ) {
        let tokenizer = listed(&choices);
        let merges = tokenizer.merges().clone().with_whole_pieces(true);
        let parts = (tokenizer.pattern().clone(), tokenizer.vocabulary().clone());
        let whole = Tokenizer::from_parts(parts.0, parts.1, merges, Specials::default())
            .expect("made so");
        for tokenizer in [by_rank(&tokenizer), whole, tokenizer] {
            for text in &texts {
                let ids = tokenizer.encode_ordinary(text).expect("any bytes");
                prop_assert_eq!(&ids, &plain(&tokenizer, text));
                prop_assert_eq!(&tokenizer.decode_bytes(&ids).expect("its own"), text);
                // What was kept of the first time gives the same.
                prop_assert_eq!(&tokenizer.encode_ordinary(text).expect("any bytes"), &ids);
            }
        }
    }
}

#[test]
fn pairs_of_ranks_give_the_same_merges() {
    let tokens = (0..=u8::MAX).map(|byte| vec![byte]);
    let longer = ["th", "he", "the", " the", "in", "ing", " a", " in", "xqz"];
    let tokens = tokens.chain(longer.map(|token| token.as_bytes().to_vec()));
    let vocabulary = Vocabulary::from_tokens(tokens.zip(0..)).expect("each once");
    let ranks = Merges::from_ranks(&vocabulary);
    // No merges make `xqz`.
    assert_eq!(ranks.pairs().len(), longer.len() - 1);
    let listed = Merges::from_pairs(&vocabulary, ranks.pairs().iter().copied()).expect("tokens");
    let make = |merges| {
        Tokenizer::from_parts(
            Pattern::gpt2(),
            vocabulary.clone(),
            merges,
            Specials::default(),
        )
        .expect("made so")
    };
    let text = "the thing in there: a teething nothing";
    let ids = make(ranks).encode_ordinary(text).expect("text");
    assert_eq!(ids, make(listed).encode_ordinary(text).expect("text"));
    assert!(ids.contains(&259));
}

//! Claims: each form on small results made by hand, the rules for a published table, and a whole published study.

mod capacity;
mod document;
mod forms;
mod page;
mod seeds;
mod table;

use serde_json::{Value, json};
use toile_judge::plain::read;
use toile_judge::{ClaimVerdict, Results, WeighedClaim, judge, ranked_quantity};

/// A file of these runs: 54,000 training, 6,000 validation and 10,000 test images.
fn file(runs: &Value) -> Results {
    let text =
        json!({ "format": 1, "n_train": 54_000, "n_validation": 6_000, "n_test": 10_000, "runs": runs });
    read(&text.to_string()).unwrap_or_else(|fault| panic!("{fault}")).results
}

/// Weighs one claim, given as its table.
fn weigh(results: &Results, claim: Value) -> WeighedClaim {
    let mut claim = claim;
    claim["id"] = json!("claim");
    let claims = [serde_json::from_value(claim).expect("a claim's table")];
    let mut weighed = judge(results, &claims, ranked_quantity(results)).claims;
    assert_eq!(weighed.len(), 1);
    weighed.remove(0)
}

fn verdict(results: &Results, claim: Value) -> ClaimVerdict {
    weigh(results, claim).verdict
}

/// The claim has this verdict, and its reason these words.
fn says(results: &Results, claim: Value, verdict: ClaimVerdict, words: &str) {
    let weighed = weigh(results, claim.clone());
    assert_eq!(weighed.verdict, verdict, "{claim}: {}", weighed.why);
    assert!(weighed.why.contains(words), "{claim}: {}", weighed.why);
}

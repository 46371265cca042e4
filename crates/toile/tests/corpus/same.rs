//! Comparing a document of today with one of version 0.1.0: new keys may have come, what was there is there.

use serde_json::Value;

/// Every place at which `new` lacks what `old` has, or has something else there.
///
/// Lists are held against each other item by item, and must be as long.
pub fn missing(old: &Value, new: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(old, new, "", &mut found);
    found
}

fn compare(old: &Value, new: &Value, at: &str, found: &mut Vec<String>) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            let mut old = old.clone();
            if let Some(kept) = kept_final(&old) {
                old.insert("final".into(), kept);
            }
            for (key, value) in old.iter().filter(|(key, _)| !is_free(at, key)) {
                match new.get(key) {
                    Some(now) => compare(value, now, &format!("{at}.{key}"), found),
                    None => found.push(format!("{at}.{key} is gone")),
                }
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (place, (old, new)) in old.iter().zip(new).enumerate() {
                compare(old, new, &format!("{at}[{place}]"), found);
            }
        }
        (old, new) if old == new => {}
        (old, new) => found.push(format!("{at} was {old}, is {new}")),
    }
}

/// Since format 2, `final` is of the epoch whose weights were tested: of a run that went back to one, as its reason
/// says.
fn kept_final(run: &serde_json::Map<String, Value>) -> Option<Value> {
    let (_, epoch) = run.get("failure")?.as_str()?.rsplit_once("its weights are those of epoch ")?;
    let epoch: usize = epoch.parse().ok()?;
    let mut kept = run.get("epochs")?.get(epoch - 1)?.clone();
    for key in ["test_loss", "test_accuracy"] {
        kept[key] = run.get("final")?[key].clone();
    }
    Some(kept)
}

/// What a later version may spell otherwise: the number of the form, a schedule's settings, the plan of a search (its
/// form is not documented), and sentences made when a report is written.
fn is_free(at: &str, key: &str) -> bool {
    let is_search = at.rsplit('.').next().is_some_and(|last| last.starts_with("searches["));
    (at.is_empty() && key == "format")
        || (at.ends_with(".plan") && key == "schedule")
        || (is_search && matches!(key, "plan" | "warnings"))
}

#[test]
fn a_comparison_finds_what_is_gone_and_what_has_changed_and_lets_new_keys_pass() {
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let old = json(r#"{"a": [{"b": 1, "c": null}], "plan": {"schedule": "constant"}}"#);
    assert!(missing(&old, &json(r#"{"a": [{"b": 1, "c": null, "d": 2}], "plan": {}, "e": 3}"#)).is_empty());
    let new = json(r#"{"a": [{"b": 1.5}], "plan": {}}"#);
    assert_eq!(missing(&old, &new), [".a[0].b was 1, is 1.5", ".a[0].c is gone"]);
    assert_eq!(missing(&old, &json(r#"{"a": [], "plan": {}}"#)).len(), 1);
    assert_eq!(missing(&old, &json(r#"{"a": [{"b": 1, "c": null}]}"#)), [".plan is gone"]);
}

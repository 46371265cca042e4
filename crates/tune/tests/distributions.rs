//! Ranges against Optuna 5.0.0, and against whatever JSON may come.

use serde_json::{Value, json};
use toile_tune::{Choice, Distribution};

fn golden(key: &str) -> Vec<Value> {
    let golden: Value = serde_json::from_str(include_str!("golden/distributions.json")).expect("JSON");
    golden[key].as_array().expect("rows").clone()
}

fn read(text: &Value) -> Distribution {
    let text = text.as_str().expect("text");
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn steps_reach_the_same_high_as_in_optuna() {
    for row in golden("reached") {
        let number = |k: usize| row[k].as_f64().expect("a number");
        let found = Distribution::float(number(0), number(1), false, Some(number(2))).expect("a range");
        let Distribution::Float { high, .. } = found else { panic!("{found:?}") };
        assert_eq!(high, number(3), "{row}");
        assert_eq!(found.is_single(), row[4].as_bool().expect("a bool"), "{row}");
        // Steps beyond 2^63 are not counted.
        let last = found.count().map_or(high, |count| found.at(count - 1));
        assert!(
            found.contains(last) && (last - high).abs() <= 1e-9 * number(2) + 1e-15 * high.abs(),
            "{row}: {last}"
        );
    }
}

#[test]
fn json_is_read_and_written_as_by_optuna() {
    for row in golden("json") {
        let (found, expected) = (read(&row[0]), read(&row[1]));
        assert_eq!(found, expected, "{row}");
        let written = serde_json::to_value(&found).expect("JSON");
        let text: Value = serde_json::from_str(row[1].as_str().expect("text")).expect("JSON");
        assert_eq!(written, text, "{row}");
        assert_eq!(serde_json::from_value::<Distribution>(written).expect("own JSON"), found);
    }
}

#[test]
fn ranges_hold_what_they_hold_in_optuna() {
    for row in golden("contains") {
        let distribution = read(&row[0]);
        for pair in row[1].as_array().expect("pairs") {
            let value = pair[0].as_f64().expect("a number");
            assert_eq!(distribution.contains(value), pair[1] == json!(true), "{distribution:?}: {value}");
        }
    }
}

/// Whatever is read is a range; the rest is refused, and never more than that.
#[test]
fn nonsense_is_refused() {
    let range = |name: &str, low: Value, high: Value, log: Value, step: Value| json!({ "name": name, "attributes": { "low": low, "high": high, "log": log, "step": step } });
    let float = |low, high, log, step| range("FloatDistribution", low, high, log, step);
    let int = |low, high, log, step| range("IntDistribution", low, high, log, step);
    let (no, yes, none) = (json!(false), json!(true), Value::Null);
    let nonsense = [
        Value::Null,
        json!([]),
        json!("FloatDistribution"),
        json!({}),
        json!({ "name": "FloatDistribution" }),
        json!({ "name": 3, "attributes": {} }),
        json!({ "name": "NormalDistribution", "attributes": { "low": 0, "high": 1 } }),
        float(json!("0"), json!(1), no.clone(), none.clone()),
        float(json!(0), none.clone(), no.clone(), none.clone()),
        float(json!(2), json!(1), no.clone(), none.clone()),
        float(json!(0), json!(1), yes.clone(), none.clone()),
        float(json!(-1), json!(1), yes.clone(), none.clone()),
        float(json!(0.1), json!(1), yes.clone(), json!(0.1)),
        float(json!(0), json!(1), no.clone(), json!(0)),
        float(json!(0), json!(1), no.clone(), json!(-0.1)),
        float(json!(0), json!(1), no.clone(), json!("0.1")),
        float(json!(0), json!(1), json!(1), none.clone()),
        float(json!(0), json!(1), json!("true"), none.clone()),
        int(json!(2), json!(1), no.clone(), json!(1)),
        int(json!(0), json!(9), yes.clone(), json!(1)),
        int(json!(1), json!(9), yes.clone(), json!(2)),
        int(json!(1), json!(9), no.clone(), json!(0)),
        int(json!(1), json!(9), no.clone(), json!([1])),
        int(json!(0), json!(u64::MAX), no.clone(), json!(1)),
        int(json!(-1e300), json!(9), no.clone(), json!(1)),
        json!({ "name": "CategoricalDistribution", "attributes": { "choices": [] } }),
        json!({ "name": "CategoricalDistribution", "attributes": { "choices": [[1]] } }),
        json!({ "name": "CategoricalDistribution", "attributes": { "choices": "abc" } }),
        json!({ "name": "CategoricalDistribution", "attributes": {} }),
    ];
    for value in nonsense {
        let found = serde_json::from_value::<Distribution>(value.clone());
        assert!(found.is_err(), "{value}: {found:?}");
    }
    assert!(Distribution::categorical(vec![Choice::Float(f64::NAN)]).is_err());
    assert!(Distribution::float(f64::NAN, 1.0, false, None).is_err());
    assert!(Distribution::float(0.0, f64::INFINITY, false, None).is_err());
    assert!(Distribution::float(0.0, 1.0, false, Some(f64::NAN)).is_err());
}

#[test]
fn integers_that_no_double_can_tell_apart_stay_in_their_range() {
    let range = Distribution::int(i64::MAX - 2, i64::MAX, false, 1).expect("a range");
    let internal = range.internal(&Choice::Int(i64::MAX - 1)).expect("in the range");
    assert!(matches!(range.external(internal), Choice::Int(value) if value >= i64::MAX - 2));
    let thirds = Distribution::int(i64::MIN, i64::MAX, false, 3).expect("a range");
    for value in [i64::MIN, i64::MIN + 3, 1, i64::MAX] {
        let Choice::Int(value) = thirds.external(value as f64) else { panic!("an integer") };
        assert_eq!((value as i128 - i64::MIN as i128) % 3, 0);
        assert!(thirds.contains(value as f64));
    }
    assert!(![0.5, 2.0, 3.0].iter().any(|&value| thirds.contains(value)));
    assert!(!Distribution::int(0, 10, false, 1).expect("a range").contains(f64::INFINITY));
}

#[test]
fn the_nearest_value_is_on_a_step_and_between_the_bounds() {
    let whole = Distribution::int(1, 13, false, 4).expect("a range");
    let nearest = |x| whole.nearest(x);
    assert_eq!([-9.0, 2.9, 3.0, 3.1, 7.0, 99.0, f64::NAN].map(nearest), [1.0, 1.0, 1.0, 5.0, 9.0, 13.0, 1.0]);
    let steps = Distribution::float(0.0, 0.5, false, Some(0.1)).expect("a range");
    assert_eq!([0.04, 0.26, 0.7].map(|x| steps.nearest(x)), [0.0, 0.30000000000000004, 0.5]);
    let names = Distribution::categorical(vec![Choice::Null, Choice::Bool(true)]).expect("choices");
    assert_eq!([-1.0, 0.6, 7.0, f64::NAN].map(|x| names.nearest(x)), [0.0, 1.0, 1.0, 0.0]);
    assert_eq!(names.external(1.0), Choice::Bool(true));
}

/// Python finds 1, 1.0 and True equal; here a number is a number, and nothing else.
#[test]
fn a_choice_is_found_by_its_kind_and_value() {
    let choices = vec![Choice::Bool(true), Choice::Int(1), Choice::Text("1".into()), Choice::Null];
    let names = Distribution::categorical(choices.clone()).expect("choices");
    let places: Vec<_> = choices.iter().map(|choice| names.internal(choice)).collect();
    assert_eq!(places, [Some(0.0), Some(1.0), Some(2.0), Some(3.0)]);
    assert_eq!(names.internal(&Choice::Float(1.0)), Some(1.0));
    assert_eq!(names.internal(&Choice::Float(0.5)), None);
    let range = Distribution::float(0.0, 2.0, false, None).expect("a range");
    assert_eq!(range.internal(&Choice::Int(2)), Some(2.0));
    assert_eq!(range.internal(&Choice::Bool(true)), None);
}

//! Counts and points of spaces against enumeration by brute force.

use std::collections::BTreeSet;

use toile_rng::{Seed, Stream};

use super::*;
use crate::{Choice, Condition};

fn param(name: &str, distribution: Distribution, when: &[(&str, Is)]) -> Param {
    let when = when.iter().map(|&(parent, is)| Condition { parent: parent.into(), is }).collect();
    Param { name: name.into(), distribution, when }
}

fn choices(n: i64) -> Distribution {
    Distribution::categorical((0..n).map(Choice::Int).collect()).expect("choices")
}

fn ints(low: i64, high: i64) -> Distribution {
    Distribution::int(low, high, false, 1).expect("a range")
}

/// Every point by recursion, in the order that the module promises.
fn listed(space: &Space, position: usize, params: &Params) -> Vec<Params> {
    let Some(param) = space.params.get(position) else { return vec![params.clone()] };
    if !param.is_active(params) {
        return listed(space, position + 1, params);
    }
    let values = 0..param.distribution.count().expect("a count");
    let with = |k| {
        let mut params = params.clone();
        params.insert(param.name.clone(), param.distribution.at(k));
        listed(space, position + 1, &params)
    };
    values.flat_map(with).collect()
}

fn tangled() -> Space {
    Space {
        params: vec![
            param("optimizer", choices(3), &[]),
            param("layers", ints(1, 4), &[]),
            param("momentum", ints(0, 2), &[("optimizer", Is::Choice(0))]),
            param("beta", choices(2), &[("optimizer", Is::Choice(2)), ("layers", Is::AtLeast(3.0))]),
            param("units 2", ints(1, 2), &[("layers", Is::AtLeast(2.0))]),
            param("batch", Distribution::float(0.0, 0.3, false, Some(0.1)).expect("steps"), &[]),
            param("nesterov", choices(2), &[("momentum", Is::AtLeast(1.0))]),
            param("last", choices(2), &[("units 2", Is::Choice(2))]),
        ],
    }
}

#[test]
fn every_point_is_met_once_and_in_order() {
    let (space, fixed) = (tangled(), Params::new());
    let all = listed(&space, 0, &Params::new());
    let points = SpacePoints::new(&space, &fixed).expect("countable");
    assert_eq!(points.len(), all.len() as u128);
    assert_eq!((0..points.len()).map(|rank| points.at(rank)).collect::<Vec<_>>(), all);
    assert!(all.iter().all(|params| space.contains(params)));
}

#[test]
fn what_is_fixed_is_not_counted() {
    let (space, fixed) = (tangled(), Params::from([("optimizer".into(), 0.0), ("layers".into(), 1.0)]));
    let points = SpacePoints::new(&space, &fixed).expect("countable");
    assert_eq!(points.len(), (1 + 2 + 2) * 4);
    let all = (0..points.len()).map(|rank| points.at(rank));
    assert!(all.clone().all(|params| fixed.iter().all(|(name, value)| params[name] == *value)));
    assert_eq!(all.map(|params| format!("{params:?}")).collect::<BTreeSet<_>>().len(), 20);
}

#[test]
fn a_range_without_steps_counts_only_where_it_can_be_reached() {
    let real = Distribution::float(0.0, 1.0, false, None).expect("a range");
    let mut space =
        Space { params: vec![param("a", choices(2), &[]), param("b", real, &[("a", Is::Choice(7))])] };
    assert_eq!(space.count_points(&Params::new()), Some(2));
    space.params[1].when[0].is = Is::Choice(1);
    assert_eq!(space.count_points(&Params::new()), None);
    assert_eq!(space.count_points(&Params::from([("a".into(), 0.0)])), Some(1));
    assert_eq!(space.count_points(&Params::from([("b".into(), 0.5)])), Some(2));
}

/// Switches with a parameter each, all switches first: 3⁶⁰ is beyond 2⁶⁴, 3¹⁰⁰ beyond 2¹²⁸, and none is listed.
#[test]
fn many_points_and_many_conditions_are_no_more_work() {
    let switches = |n: usize| {
        let parents = (0..n).map(|i| param(&format!("on {i}"), choices(2), &[]));
        let child = |i| param(&format!("size {i}"), choices(2), &[(&format!("on {i}"), Is::Choice(1))]);
        Space { params: parents.chain((0..n).map(child)).collect() }
    };
    let (space, fixed) = (switches(40), Params::new());
    assert_eq!(space.count_points(&fixed), Some(3u128.pow(40)));
    assert_eq!(switches(60).count_points(&fixed), Some(3u128.pow(60)));
    let points = SpacePoints::new(&space, &fixed).expect("countable");
    assert!(points.at(points.len() - 1).values().all(|&value| value == 1.0));
    let beyond = switches(100);
    assert_eq!(beyond.count_points(&fixed), Some(u128::MAX));
    let points = SpacePoints::new(&beyond, &fixed).expect("countable");
    let last_four = ["size 98", "on 98", "on 99", "size 99"];
    let tail = |rank| last_four.map(|name| points.at(rank).get(name).copied());
    assert_eq!(tail(0), [None, Some(0.0), Some(0.0), None]);
    assert_eq!(tail(1), [None, Some(0.0), Some(1.0), Some(0.0)]);
    assert_eq!(tail(3), [Some(0.0), Some(1.0), Some(0.0), None]);
    let huge =
        Space { params: vec![param("a", ints(1, 1_000_000), &[]), param("b", ints(1, 1_000_000), &[])] };
    assert_eq!(huge.count_points(&fixed), Some(1_000_000_000_000));
    let point = SpacePoints::new(&huge, &fixed).expect("countable").at(999_999_999_998);
    assert_eq!((point["a"], point["b"]), (1_000_000.0, 999_999.0));
}

#[test]
fn a_space_without_parameters_has_one_point() {
    assert_eq!(Space::default().count_points(&Params::new()), Some(1));
}

/// A small space by chance: up to six parameters, most of them under one or two conditions on earlier ones.
fn small_space(stream: &mut Stream) -> Space {
    let mut params: Vec<Param> = Vec::new();
    for i in 0..1 + stream.below(6) as usize {
        let distribution = match stream.below(3) {
            0 => choices(1 + i64::from(stream.below(3))),
            1 => ints(-1, i64::from(stream.below(3))),
            _ => Distribution::float(0.0, 0.2, false, Some(0.1)).expect("steps"),
        };
        let mut when = Vec::new();
        for _ in 0..stream.below(3).min(i as u32) {
            let parent = format!("p{}", stream.below(i as u32));
            let is = match stream.below(2) {
                0 => Is::Choice(stream.below(3) as usize),
                _ => Is::AtLeast(f64::from(stream.below(3)) - 0.5),
            };
            when.push(Condition { parent, is });
        }
        params.push(Param { name: format!("p{i}"), distribution, when });
    }
    Space { params }
}

/// Every combination of all values, whether or not a trial has the parameters; then without those that do not exist.
fn by_brute_force(space: &Space, fixed: &Params) -> BTreeSet<String> {
    let mut combinations = vec![Params::new()];
    for param in &space.params {
        let all = 0..param.distribution.count().expect("a count");
        let values = match fixed.get(&param.name) {
            Some(&value) => vec![value],
            None => all.map(|k| param.distribution.at(k)).collect(),
        };
        let with = |params: &Params, value: f64| {
            params.clone().into_iter().chain([(param.name.clone(), value)]).collect::<Params>()
        };
        combinations = combinations.iter().flat_map(|p| values.iter().map(|&value| with(p, value))).collect();
    }
    let existing = |params: &Params| format!("{:?}", space.assign(|param, _| params[&param.name]));
    combinations.iter().map(existing).collect()
}

#[test]
fn small_conditional_spaces_have_as_many_points_as_brute_force_finds() {
    let mut stream = Seed::new(5).stream("spaces", 0);
    let mut conditional = 0;
    for _ in 0..400 {
        let space = small_space(&mut stream);
        let mut fixed = Params::new();
        for param in space.params.iter().filter(|_| stream.below(4) == 0) {
            fixed.insert(param.name.clone(), param.distribution.at(0));
        }
        conditional += usize::from(space.is_conditional());
        for fixed in [&Params::new(), &fixed] {
            let found = by_brute_force(&space, fixed);
            assert_eq!(space.count_points(fixed), Some(found.len() as u128), "{space:?}, fixed {fixed:?}");
            let points = SpacePoints::new(&space, fixed).expect("countable");
            let all: BTreeSet<String> =
                (0..points.len()).map(|rank| format!("{:?}", points.at(rank))).collect();
            assert_eq!(all, found, "{space:?}, fixed {fixed:?}");
        }
    }
    assert!(conditional > 200, "only {conditional} spaces have conditions");
}

#[test]
fn a_parameter_counts_only_where_it_exists() {
    let names = ["a", "b", "c"].map(|name| Choice::Text(name.into())).to_vec();
    let of_b = [("kind", Is::Choice(1))];
    let params = vec![
        param("kind", Distribution::categorical(names).unwrap(), &[]),
        param("size", ints(1, 5), &of_b),
        param("times", ints(1, 3), &[]),
        param("units 2", Distribution::int(16, 64, false, 16).unwrap(), &[("times", Is::AtLeast(2.0))]),
        param("units 3", ints(1, 10), &[("times", Is::AtLeast(3.0))]),
    ];
    let space = Space { params };
    // (1 + 5 + 1) kinds, times 1 + 4 + 4 × 10 models.
    assert_eq!(space.count_points(&Params::new()), Some(7 * 45));
    let held = Params::from([("kind".into(), 1.0), ("units 3".into(), 2.0)]);
    assert_eq!(space.count_points(&held), Some(5 * (1 + 4 + 4)));
}

#[test]
fn a_range_without_steps_has_no_number_of_points_unless_it_is_held() {
    let space = Space { params: vec![param("x", Distribution::float(0.0, 1.0, false, None).unwrap(), &[])] };
    assert_eq!(space.count_points(&Params::new()), None);
    assert_eq!(space.count_points(&Params::from([("x".into(), 0.5)])), Some(1));
}

/// By hand: two optimizers, three momenta with the second only, two batch sizes: (1 + 3) · 2 = 8.
#[test]
fn points_of_a_conditional_space_are_counted_once_each() {
    let mut params = vec![
        param("optimizer", choices(2), &[]),
        param("momentum", choices(3), &[("optimizer", Is::Choice(1))]),
        param("batch_size", Distribution::int(128, 256, false, 128).expect("a range"), &[]),
    ];
    assert_eq!(Space { params: params.clone() }.count_points(&Params::new()), Some(8));
    params.push(param("rate", Distribution::float(0.0, 1.0, false, None).expect("a range"), &[]));
    assert_eq!(Space { params }.count_points(&Params::new()), None);
}

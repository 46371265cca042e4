//! The grid, and where it takes the place of another sampler.

use super::*;

#[test]
fn a_grid_meets_every_point_once_and_starts_over() {
    let mut space = mixed();
    space.params.retain(|param| param.name != "lr" && param.name != "momentum" && param.name != "units 2");
    let search = TestSearch::new(space);
    let points = search.space.count_points(&Params::new()).expect("countable") as usize;
    assert_eq!(points, (4 + 4 + 4 + 2) * 4 * 6);
    let grid = Sampler::Grid(GridSampler {});
    let trials = search.run(&grid, points + 6, |number, params| search.complete(number, params));
    let all: Vec<String> = trials.iter().map(|trial| format!("{:?}", trial.params)).collect();
    assert_eq!(all[..points].iter().collect::<std::collections::BTreeSet<_>>().len(), points);
    assert_eq!(all[points..], all[..6], "it starts over");
}

#[test]
fn a_space_smaller_than_the_budget_is_exhausted() {
    let space = Space { params: vec![param("a", choices(4), &[]), param("b", int(1, 5, false, 1), &[])] };
    for (name, sampler) in samplers() {
        let keeps = name.contains("numpy") || name == "nsga-ii";
        assert_eq!(sampler.exhausts(&space, 20), (!keeps).then_some(20), "{name}");
        assert_eq!(sampler.effective(&space, 20) == Sampler::Grid(GridSampler {}), !keeps || name == "grid");
        assert_eq!(sampler.exhausts(&space, 19), None, "{name}");
        assert_eq!(sampler.effective(&space, 19), sampler, "{name}");
        assert_eq!(sampler.exhausts(&mixed(), usize::MAX), None, "{name}");
    }
}

/// 2¹⁴⁰ points are more than can be counted, and are tried in order all the same.
#[test]
fn a_grid_of_more_points_than_can_be_counted_is_still_a_grid() {
    let params = (0..140).map(|i| param(&format!("p{i:03}"), choices(2), &[]));
    let search = TestSearch::new(Space { params: params.collect() });
    assert_eq!(search.space.count_points(&Params::new()), Some(u128::MAX));
    let grid = Sampler::Grid(GridSampler {});
    assert_eq!(grid.supports(&DIRECTIONS[..1], &search.space), Ok(()));
    let trials = search.run(&grid, 4, |number, params| search.complete(number, params));
    let tails = trials.iter().map(|trial| (trial.params["p138"], trial.params["p139"]));
    assert_eq!(tails.collect::<Vec<_>>(), [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)]);
    assert!(trials.iter().all(|trial| trial.params.values().take(138).all(|&value| value == 0.0)));
}

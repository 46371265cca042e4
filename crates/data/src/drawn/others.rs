//! Trousers and bags.

use super::sketch::Sketch;

pub(super) fn trouser(s: &mut Sketch) {
    let (waist, hip) = (s.range(110, 190), s.near_middle(130, 215));
    let (knee, ankle) = (hip - s.range(-10, 50), hip - s.range(-30, 95));
    let (gap, crotch) = (s.range(0, 60), s.range(-260, -120));
    let (top, hem) = (-505, s.range(470, 515));
    let side = crotch - s.range(80, 200);
    s.fill_both(
        &[
            (0, top),
            (waist, top),
            (hip, side),
            (knee, 120),
            (ankle, hem),
            (gap.max(8), hem),
            (gap / 2, 100),
            (0, crotch),
        ],
        0,
    );
    s.fill(&[(-waist, top), (waist, top), (waist + 4, top + 45), (-waist - 4, top + 45)], -30);
    if s.percent(30) {
        s.line((0, top + 40), (0, crotch), 20, -60);
    }
}

pub(super) fn bag(s: &mut Sketch) {
    let (top, bottom) = (s.near_middle(-330, 30), s.range(300, 480));
    let (upper, lower) = (s.near_middle(240, 490), s.near_middle(300, 500));
    handle(s, top, upper);
    let round = s.range(0, 90);
    s.fill(
        &[
            (-upper + round, top),
            (upper - round, top),
            (upper, top + round),
            (lower, bottom - round),
            (lower - round, bottom),
            (round - lower, bottom),
            (-lower, bottom - round),
            (-upper, top + round),
        ],
        0,
    );
    let ink = if s.percent(60) { -s.range(20, 80) } else { s.range(20, 70) };
    if s.percent(50) {
        let flap = top + s.range(80, 300).min((bottom - top) * 2 / 3);
        s.fill(&[(-upper, top), (upper, top), (upper * 2 / 3, flap), (-upper * 2 / 3, flap)], ink);
    }
    if s.percent(50) {
        let radius = s.range(20, 60);
        s.dot((0, (top + bottom) / 2), radius, -ink);
    }
}

/// One arch above the bag, or none.
fn handle(s: &mut Sketch, top: i32, upper: i32) {
    if s.percent(18) {
        return;
    }
    let (half, width) = (s.range(100, upper.max(101)), s.range(28, 70));
    let peak = s.range(-510, top - 120);
    let shoulder = half * 2 / 3;
    let third = peak + (top - peak) / 3;
    let shade = s.range(-40, 20);
    for (from, to) in [
        ((-half, top + 20), (-half, third)),
        ((-half, third), (-shoulder, peak)),
        ((-shoulder, peak), (shoulder, peak)),
        ((shoulder, peak), (half, third)),
        ((half, third), (half, top + 20)),
    ] {
        s.line(from, to, width, shade);
    }
}

//! Garments of the upper body: T-shirt, pullover, dress, coat and shirt, from one pattern with overlapping measures.

use super::sketch::Sketch;

/// Measures of a top, in units of the frame; widths are half widths.
struct TopGarment {
    neck: i32,
    neck_depth: i32,
    shoulder: i32,
    armpit: i32,
    chest: i32,
    waist: i32,
    hem: i32,
    length: i32,
    sleeve: i32,
    cuff: i32,
    spread: i32,
    front: FrontOpening,
    collar: bool,
}

/// What the front shows.
#[derive(Clone, Copy, PartialEq)]
enum FrontOpening {
    Closed,
    Print,
    Buttons,
    Zip,
    Open,
}

/// The upper edge of every top.
const TOP: i32 = -500;

pub(super) fn t_shirt(s: &mut Sketch) {
    let top = TopGarment {
        sleeve: s.near_middle(130, 330),
        cuff: s.range(80, 120),
        spread: s.range(150, 330),
        front: if s.percent(35) { FrontOpening::Print } else { FrontOpening::Closed },
        ..cut(s, 420, 510)
    };
    draw(s, &top);
}

pub(super) fn pullover(s: &mut Sketch) {
    let top = TopGarment {
        sleeve: s.near_middle(620, 880),
        cuff: s.range(55, 85),
        spread: s.range(40, 190),
        neck_depth: s.range(10, 80),
        front: if s.percent(15) { FrontOpening::Print } else { FrontOpening::Closed },
        collar: s.percent(12),
        ..cut(s, 390, 490)
    };
    draw(s, &top);
}

pub(super) fn dress(s: &mut Sketch) {
    let waist = s.near_middle(85, 170);
    let top = TopGarment {
        shoulder: s.range(110, 190),
        chest: waist + s.range(5, 50),
        waist,
        hem: waist + s.near_middle(0, 170),
        length: s.range(480, 515),
        sleeve: if s.percent(55) { 0 } else { s.range(60, 620) },
        cuff: s.range(35, 60),
        spread: s.range(30, 140),
        front: if s.percent(12) { FrontOpening::Buttons } else { FrontOpening::Closed },
        ..cut(s, 480, 515)
    };
    draw(s, &top);
}

pub(super) fn coat(s: &mut Sketch) {
    s.tint(-15);
    let front = match s.range(0, 9) {
        0..=3 => FrontOpening::Zip,
        4..=7 => FrontOpening::Open,
        8 => FrontOpening::Buttons,
        _ => FrontOpening::Closed,
    };
    let top = TopGarment {
        sleeve: s.near_middle(660, 900),
        cuff: s.range(60, 90),
        spread: s.range(30, 170),
        neck_depth: s.range(20, 120),
        front,
        collar: s.percent(65),
        ..cut(s, 470, 512)
    };
    draw(s, &top);
}

pub(super) fn shirt(s: &mut Sketch) {
    let long = s.percent(62);
    let front = match s.range(0, 9) {
        0..=6 => FrontOpening::Buttons,
        7 => FrontOpening::Zip,
        _ => FrontOpening::Closed,
    };
    let top = TopGarment {
        sleeve: if long { s.near_middle(600, 860) } else { s.near_middle(150, 380) },
        cuff: if long { s.range(50, 80) } else { s.range(75, 115) },
        spread: if long { s.range(50, 190) } else { s.range(130, 310) },
        front,
        collar: s.percent(60),
        ..cut(s, 420, 512)
    };
    draw(s, &top);
}

/// The measures that tops have in common.
fn cut(s: &mut Sketch, shortest: i32, longest: i32) -> TopGarment {
    let chest = s.near_middle(175, 265);
    TopGarment {
        neck: s.range(65, 125),
        neck_depth: s.range(20, 140),
        shoulder: s.near_middle(185, 260),
        armpit: s.range(-300, -220),
        chest,
        waist: chest - s.range(0, 35),
        hem: chest + s.range(-15, 30),
        length: s.range(shortest, longest),
        sleeve: 0,
        cuff: 70,
        spread: 100,
        front: FrontOpening::Closed,
        collar: false,
    }
}

fn draw(s: &mut Sketch, top: &TopGarment) {
    let shoulder_y = TOP + s.range(40, 80);
    let seam = -s.range(5, 45);
    sleeves(s, top, shoulder_y, seam);
    torso(s, top, shoulder_y);
    front(s, top);
    if top.collar {
        collar(s, top);
    }
}

fn sleeves(s: &mut Sketch, top: &TopGarment, shoulder_y: i32, seam: i32) {
    if top.sleeve == 0 {
        return;
    }
    // The cuff hangs below the shoulder, and outwards by `spread` per 512 of length.
    let (x, y) = (top.shoulder + top.sleeve * top.spread / 512, shoulder_y + top.sleeve);
    let outer = (x + top.cuff, y - top.cuff * top.spread / 512);
    let inner = (x - top.cuff, y + top.cuff * top.spread / 512);
    let sleeve = [(top.shoulder - 20, shoulder_y - 12), (top.shoulder + 55, shoulder_y + 45), outer, inner];
    let armpit = (top.chest - 10, top.armpit.min(y));
    s.fill_both(&[sleeve[0], sleeve[1], sleeve[2], sleeve[3], armpit], seam);
}

fn torso(s: &mut Sketch, top: &TopGarment, shoulder_y: i32) {
    let middle = (top.armpit + top.length) / 2;
    let side = [
        (top.neck, TOP),
        (top.shoulder, shoulder_y),
        (top.chest, top.armpit),
        (top.waist, middle),
        (top.hem, top.length),
    ];
    let mut outline = [(0, TOP + top.neck_depth); 11];
    for (i, &(x, y)) in side.iter().enumerate() {
        outline[i] = (x, y);
        outline[9 - i] = (-x, y);
    }
    s.fill(&outline, 0);
}

fn front(s: &mut Sketch, top: &TopGarment) {
    let neck = TOP + top.neck_depth;
    let (width, ink) = (s.range(24, 60), if s.percent(50) { -s.range(60, 140) } else { s.range(60, 140) });
    match top.front {
        FrontOpening::Closed => (),
        FrontOpening::Print => {
            let (half, y) = (s.range(50, 130), s.range(-250, -80));
            s.fill(&[(-half, y), (half, y), (half, y + half), (-half, y + half)], ink);
        }
        FrontOpening::Zip => s.line((0, neck), (0, top.length), width, ink),
        FrontOpening::Open => {
            let hem = s.range(5, 60);
            s.fill(&[(-width / 2, neck), (width / 2, neck), (hem, top.length), (-hem, top.length)], ink);
        }
        FrontOpening::Buttons => {
            s.line((0, neck), (0, top.length), width * 2 / 3, ink * 2 / 3);
            let n = s.range(3, 6);
            for i in 0..n {
                s.dot((0, neck + 60 + (top.length - neck - 100) * i / n), 28, ink);
            }
        }
    }
}

fn collar(s: &mut Sketch, top: &TopGarment) {
    let (depth, shade) = (top.neck_depth + s.range(30, 90), if s.percent(50) { 45 } else { -55 });
    s.fill_both(
        &[(top.neck, TOP - 8), (top.neck + 40, TOP + 30), (25, TOP + depth), (0, TOP + depth - 35)],
        shade,
    );
}

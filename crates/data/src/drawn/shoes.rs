//! Footwear, seen from the side with the toe to the left: sandal, sneaker and ankle boot.

use super::sketch::Sketch;

pub(super) fn sneaker(s: &mut Sketch) {
    let height = s.near_middle(190, 480);
    let sole = height / 2 + s.range(0, 80);
    let heel = sole - height;
    let (toe, instep) = (heel + height / 2 + s.range(-30, 30), heel + s.range(0, height / 4));
    let opening = s.range(150, 300);
    let upper = [
        (-490, sole),
        (-480, toe + 40),
        (-330, toe),
        (-60, instep),
        (opening - 120, heel - s.range(0, 40)),
        (opening, heel + s.range(10, 60)),
        (490, heel - s.range(0, 60)),
        (495, sole),
    ];
    s.fill(&upper, 0);
    the_sole(s, sole, 70);
    if s.percent(70) {
        laces(s, toe, instep);
    }
    if s.percent(45) {
        let (x, lean, ink) = (s.range(-150, 150), s.range(60, 200), if s.percent(50) { 80 } else { -80 });
        s.line((x, heel + 60), (x + lean, sole), 45, ink);
    }
}

pub(super) fn ankle_boot(s: &mut Sketch) {
    let height = s.near_middle(400, 920);
    let sole = height / 2 - s.range(0, 50);
    let shaft = sole - height;
    let (front, toe) = (s.range(-60, 140), sole - s.range(130, 230));
    let boot = [
        (-480, sole),
        (-485, toe + 50),
        (-340, toe),
        (front - 90, toe - s.range(60, 150)),
        (front, shaft + 120),
        (front - s.range(0, 40), shaft),
        (430, shaft - s.range(0, 50)),
        (470, toe),
        (480, sole),
    ];
    s.fill(&boot, 0);
    heel(s, sole);
    if s.percent(35) {
        s.line((front + 90, shaft), (front + 60, toe), 30, -70);
    }
}

pub(super) fn sandal(s: &mut Sketch) {
    let (sole, high) = (s.range(100, 330), s.percent(45));
    let lift = if high { s.range(120, 330) } else { s.range(0, 60) };
    let thick = s.range(40, 90);
    let bed =
        [(-490, sole), (-200, sole - 20), (200, sole - lift), (480, sole - lift), (480, sole - lift + thick)];
    s.fill(
        &[
            bed[0],
            bed[1],
            bed[2],
            bed[3],
            bed[4],
            (180, sole - lift + thick),
            (-200, sole + thick),
            (-470, sole + thick),
        ],
        0,
    );
    if high {
        let width = s.range(30, 110);
        s.fill(
            &[
                (470 - width, sole - lift),
                (475, sole - lift),
                (460, sole + thick),
                (460 - width, sole + thick),
            ],
            -20,
        );
    }
    for _ in 0..s.range(2, 5) {
        let (x, height) = (s.range(-380, 300), s.range(110, 330));
        let base = if x > 0 { sole - lift } else { sole };
        let (width, shade) = (s.range(25, 85), s.range(-40, 40));
        let lean = s.range(-40, 190);
        s.line((x, base), (x + lean, base - height), width, shade);
        if s.percent(60) {
            let end = (x + s.range(60, 200), base - s.range(20, 120));
            s.line((x, base - height), end, width, shade);
        }
    }
    if s.percent(55) {
        let top = sole - lift - s.range(160, 330);
        let (ankle, front) = ((s.range(380, 470), top), (s.range(60, 200), top + s.range(-20, 80)));
        s.line((440, sole - lift), ankle, 40, 0);
        s.line((430, top), front, 36, 0);
    }
}

fn the_sole(s: &mut Sketch, y: i32, most: i32) {
    let (thick, shade) = (s.range(30, most), if s.percent(60) { s.range(20, 90) } else { -s.range(20, 90) });
    s.fill(&[(-500, y), (500, y), (490, y + thick), (-480, y + thick)], shade);
}

fn heel(s: &mut Sketch, sole: i32) {
    let (height, shade) = (s.range(20, 90), s.range(-70, 10));
    if s.percent(50) {
        the_sole(s, sole, 60);
    } else {
        let width = s.range(80, 260);
        s.fill(
            &[(485 - width, sole), (485, sole), (475, sole + height), (490 - width, sole + height)],
            shade,
        );
    }
}

fn laces(s: &mut Sketch, toe: i32, instep: i32) {
    let ink = if s.percent(50) { 90 } else { -90 };
    for i in 0..s.range(2, 4) {
        let (x, y) = (-300 + 85 * i, toe + (instep - toe) * i / 4);
        s.line((x, y + 90), (x + 50, y + 10), 28, ink);
    }
}

//! docs/promises.md stays true: each promise names what keeps it, and all of that exists.

use crate::{ARROWS, files, never, places_of, read, root};

/// What stands between backquotes in the second cell of a promise's row, with the number of its line.
fn keepers(page: &str) -> Vec<(usize, Vec<String>)> {
    let promised = page.split("## The attack in full").next().unwrap_or_default();
    let rows = promised.lines().enumerate().filter(|(_, line)| line.starts_with("| "));
    let promises =
        rows.filter(|(_, line)| !line.starts_with("| ---") && !line.starts_with("| toile promises"));
    promises
        .map(|(number, line)| {
            let (_, keepers) = line.trim_end_matches(" |").rsplit_once(" | ").unwrap_or((line, ""));
            let names = keepers.split('`').skip(1).step_by(2).map(str::to_string).collect();
            (number + 1, names)
        })
        .collect()
}

/// Whether a Rust file of the crates has a test of this name.
fn is_test(file: &str, function: &str) -> bool {
    let path = root().join("crates").join(file);
    let signature = format!("fn {function}(");
    let text = if path.is_file() { read(&path) } else { String::new() };
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let place = lines.iter().position(|line| line.starts_with(&signature));
    let above = place.map(|place| lines[..place].iter().rev().take_while(|line| line.starts_with("#[")));
    above.is_some_and(|mut above| above.any(|line| *line == "#[test]"))
}

/// Whether the attack has a row of this name: `@row("kill", …`.
fn is_row(name: &str) -> bool {
    let parts = files(&root().join(".ci/attacks"), ".py");
    parts.iter().any(|part| read(part).replace("@row(\n    ", "@row(").contains(&format!("@row(\"{name}\",")))
}

/// What is wrong with a keeper, if anything.
fn fault(keeper: &str) -> Option<String> {
    let exists = match (keeper.split_once("::"), keeper.split_once(' ')) {
        (Some((file, function)), _) => is_test(file, function),
        (None, Some((".ci/attack.py", row))) => is_row(row),
        (None, Some(_)) => false,
        (None, None) => keeper.starts_with(".ci/") && root().join(keeper).is_file(),
    };
    (!exists).then(|| format!("there is no `{keeper}`"))
}

#[test]
fn every_promise_has_a_keeper_that_exists() {
    let page = read(&root().join("docs/promises.md"));
    let promises = keepers(&page);
    assert!(promises.len() > 30, "the page has {} promises", promises.len());
    let mut faults = Vec::new();
    for (line, keepers) in promises {
        let wrong = keepers.iter().filter_map(|keeper| fault(keeper));
        faults.extend(wrong.map(|fault| format!("docs/promises.md:{line}: {fault}")));
        if keepers.is_empty() {
            faults.push(format!("docs/promises.md:{line}: nothing keeps this promise"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_keeper_that_does_not_exist_is_found() {
    let sound = "toile/tests/house/promises.rs::a_keeper_that_does_not_exist_is_found";
    assert_eq!(fault(sound), None);
    assert_eq!(fault(".ci/attack.py kill"), None);
    assert_eq!(fault(".ci/chaos.py"), None);
    for wrong in [
        "toile/tests/house/promises.rs::keepers",
        "toile/tests/nowhere.rs::a_keeper_that_does_not_exist_is_found",
        ".ci/attack.py nothing",
        ".ci/nothing.py",
        ".ci/chaos.py kill",
    ] {
        assert!(fault(wrong).is_some(), "{wrong}");
    }
    let page = "| toile promises that … | kept by |\n| --- | --- |\n| a `b` | `c` `d` |\n| e | none |\n";
    assert_eq!(keepers(page), [(3, vec!["c".into(), "d".into()]), (4, vec![])]);
}

#[test]
fn nothing_listens_on_a_port_but_the_page_that_is_asked_for() {
    for (name, _) in ARROWS {
        let mut found = places_of(name, &["TcpListener", "UnixListener", "UdpSocket"]);
        found.retain(|place| !place.starts_with("toile/src/serve/mod.rs:"));
        assert!(found.is_empty(), "{name}: there is one door, and it is guarded\n{}", found.join("\n"));
    }
}

#[test]
fn no_work_is_promised_that_is_not_there() {
    for (name, _) in ARROWS {
        never(name, &["todo!(", "unimplemented!(", "TODO", "FIXME"], "unfinished work");
    }
}

//! The script of a page: the only one, known to the page's policy by its hash, kept from computing what the page says.

use base64::Engine;
use toile_report::{html, view};
use toile_store::sha256_hex;

use crate::common;

fn script(page: &str) -> &str {
    let (_, rest) = page.split_once("<script>").expect("a script");
    rest.split_once("</script>").expect("its end").0
}

#[test]
fn the_policy_lets_this_script_run_and_no_other() {
    let page = html(&view(&common::records(1)));
    let hex = sha256_hex(script(&page).as_bytes());
    let bytes: Vec<u8> =
        (0..32).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).expect("hexadecimal")).collect();
    let known = base64::engine::general_purpose::STANDARD.encode(bytes);
    assert!(page.contains(&format!("default-src 'none'; script-src 'sha256-{known}'; style-src")));
    assert_eq!(page.matches("<script").count(), 1);
    assert!(!page.contains(" onclick=") && !page.contains(" onload="));
}

/// It selects, sorts and places. Numbers and words about the study are computed once, and not there.
#[test]
fn the_script_formats_no_number_and_makes_no_markup() {
    let page = html(&view(&common::records(1)));
    let script = script(&page);
    let banned = [
        "toFixed",
        "toPrecision",
        "toLocaleString",
        "Intl",
        "innerHTML",
        "outerHTML",
        "eval(",
        "Function(",
        "fetch(",
    ];
    for word in banned {
        assert!(!script.contains(word), "the script holds {word}");
    }
    assert!(script.len() < 40_000, "{} bytes", script.len());
}

#[test]
fn cells_with_a_number_carry_it_for_the_script_to_sort_by() {
    let records = common::records(1);
    let page = html(&view(&records));
    let ranking =
        page.split("id=\"ranking\"").nth(1).expect("a ranking").split("</section>").next().expect("its end");
    let cells = ranking.matches(" data-v=\"").count();
    assert!(cells >= 2 * records.runs.len(), "{cells} numbers");
}

//! CSV after RFC 4180, safe to open in a spreadsheet.
//!
//! Written here and not by a library: a cell with a semicolon, a tab or outer spaces must be quoted too, as a
//! spreadsheet that splits at them would run the rest as a formula; the `csv` crate quotes for its own separator alone.

use crate::format::shortest;

/// A table under construction, one line at a time.
#[derive(Default)]
pub struct Csv {
    text: String,
    line_is_open: bool,
}

impl Csv {
    /// Text of a user or of the system: quoted where needed, and never taken for a formula.
    ///
    /// A cell that begins with `=`, `+`, `-`, `@` or a tab would be run as a formula by spreadsheets: an apostrophe
    /// before it makes it text (OWASP, "CSV Injection").
    pub fn text(&mut self, value: &str) {
        let first = value.trim_start_matches([' ', '"']).chars().next();
        let is_formula = first.is_some_and(|c| "=+-@\t\r\n|%＝＋－＠".contains(c));
        let value = if is_formula { format!("'{value}") } else { value.to_owned() };
        if value.contains([',', '"', '\n', '\r', '\t', ';']) || value.starts_with(' ') || value.ends_with(' ')
        {
            self.raw(&format!("\"{}\"", value.replace('"', "\"\"")));
        } else {
            self.raw(&value);
        }
    }

    /// A number in its shortest form that reads back to the same bits; empty if there is none.
    pub fn number(&mut self, value: Option<f64>) {
        match value {
            Some(value) if value.is_finite() => self.raw(&shortest(value)),
            _ => self.raw(""),
        }
    }

    /// The same of a number of 32 bits.
    pub fn single(&mut self, value: Option<f32>) {
        match value {
            Some(value) if value.is_finite() => self.raw(&shortest(value)),
            _ => self.raw(""),
        }
    }

    /// The same, but `inf`, `-inf` and `nan` for numbers that are not finite, as data frames read them.
    pub fn any_number(&mut self, value: Option<f64>) {
        match value {
            Some(f64::INFINITY) => self.raw("inf"),
            Some(f64::NEG_INFINITY) => self.raw("-inf"),
            Some(value) if value.is_nan() => self.raw("nan"),
            value => self.number(value),
        }
    }

    /// A whole number; empty if there is none.
    pub fn count(&mut self, value: Option<u64>) {
        self.raw(&value.map_or_else(String::new, |value| value.to_string()));
    }

    /// Ends the line.
    pub fn end_line(&mut self) {
        self.text.push_str("\r\n");
        self.line_is_open = false;
    }

    /// The table so far.
    pub fn finish(self) -> String {
        self.text
    }

    fn raw(&mut self, value: &str) {
        if self.line_is_open {
            self.text.push(',');
        }
        self.line_is_open = true;
        self.text.push_str(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(value: &str) -> String {
        let mut csv = Csv::default();
        csv.text(value);
        csv.finish()
    }

    #[test]
    fn a_cell_with_a_comma_quote_or_line_break_is_quoted() {
        assert_eq!(one("plain"), "plain");
        assert_eq!(one("a,b"), "\"a,b\"");
        assert_eq!(one("say \"hi\""), "\"say \"\"hi\"\"\"");
        assert_eq!(one("two\nlines"), "\"two\nlines\"");
    }

    #[test]
    fn a_cell_that_a_spreadsheet_would_run_becomes_text() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\"=1", "＝1"] {
            assert!(
                one(formula).trim_start_matches('"').starts_with('\''),
                "{formula:?} became {}",
                one(formula)
            );
        }
        assert_eq!(one("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
    }

    #[test]
    fn numbers_are_short_and_read_back_to_the_same_bits() {
        for value in [0.1_f64, -0.25, 1e-7, 123456.0, 0.0, 1.0 / 3.0, 1e300] {
            assert_eq!(shortest(value).parse::<f64>().map(f64::to_bits), Ok(value.to_bits()));
        }
        assert_eq!((shortest(0.1_f32), shortest(2.5e-8_f32)), ("0.1".into(), "2.5e-8".into()));
        assert_eq!((shortest(1e-7).as_str(), shortest(0.001).as_str()), ("1e-7", "0.001"));
    }

    #[test]
    fn a_missing_number_is_an_empty_cell() {
        let mut csv = Csv::default();
        csv.number(None);
        csv.number(Some(f64::NAN));
        csv.count(None);
        csv.end_line();
        assert_eq!(csv.finish(), ",,\r\n");
    }
}

//! The walk along the schema: every value of the file is held against what the schema says of its place.
//!
//! What is right comes out as JSON in one normal form (`"flatten"` becomes `{ "flatten": {} }`), ready for serde; what
//! is wrong becomes a fault, and the walk goes on.

use serde_json::{Map, Value as Json, json};

use crate::faults::{Fault, quote};
use crate::near;
use crate::schema::{self, Choice};
use crate::tree::{Entry, Node, Value};

/// Faults that are kept; whatever comes after them is not looked at.
const MOST: usize = 1000;

/// Collects faults along the way.
#[derive(Default)]
pub(crate) struct Walk {
    pub faults: Vec<Fault>,
}

/// Where in the file the walk is, in words: the key or the choice that holds the value.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a>(pub &'a str);

impl Walk {
    /// Notes a fault.
    pub fn fault(
        &mut self,
        span: &std::ops::Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let help = Some(help.into()).filter(|help: &String| !help.is_empty());
        if self.faults.len() < MOST {
            self.faults.push(Fault { span: span.clone(), message: message.into(), help });
        }
    }

    /// The value in normal form, or `None` if anything in it is wrong.
    pub fn value(&mut self, node: &Node, schema: &'static Json, place: Place) -> Option<Json> {
        let before = self.faults.len();
        let value = self.any(node, schema, place);
        value.filter(|_| self.faults.len() == before && before < MOST)
    }

    fn any(&mut self, node: &Node, schema: &'static Json, place: Place) -> Option<Json> {
        let (schema, definition) = schema::resolve(schema);
        if let Some(choices) = schema::choices(schema) {
            return self.choice(node, &choices, Kind::of(definition));
        }
        if let Some(options) = schema.get("anyOf").and_then(Json::as_array) {
            return self.one_of_types(node, options, place);
        }
        match schema.get("type").and_then(Json::as_str) {
            Some("object") => self.table(node, schema, place).map(Json::Object),
            Some("array") => self.list(node, schema, place),
            Some("string") => self.string(node, schema, place),
            Some("boolean") => match node.value {
                Value::Boolean(value) => Some(json!(value)),
                _ => self.wrong_type(node, "true or false", place),
            },
            Some("integer") => self.integer(node, schema, place),
            Some("number") => self.number(node, schema, place),
            _ => unreachable!("the schema has no type: {schema}"),
        }
    }

    /// A value that may have one of several types, each with a schema of its own.
    fn one_of_types(&mut self, node: &Node, options: &'static [Json], place: Place) -> Option<Json> {
        let kind = |option| schema::text(schema::resolve(option).0, "type");
        let fits = |option: &&'static Json| match node.value {
            Value::Integer(_) | Value::Float(_) | Value::TooLarge => {
                matches!(kind(option), "number" | "integer")
            }
            Value::Table(_) => kind(option) == "object",
            Value::String(_) => kind(option) == "string",
            _ => false,
        };
        match options.iter().find(fits) {
            Some(option) => self.any(node, option, place),
            None => {
                let names: Vec<&str> = options.iter().map(|option| in_words(kind(option))).collect();
                self.wrong_type(node, &names.join(" or "), place)
            }
        }
    }

    /// A table: its known keys walked, its unknown ones and its missing ones reported.
    pub fn table(&mut self, node: &Node, schema: &'static Json, place: Place) -> Option<Map<String, Json>> {
        let Value::Table(entries) = &node.value else {
            self.wrong_type(node, "a table", place);
            return None;
        };
        let mut map = Map::new();
        let properties = schema::properties(schema);
        let others = schema.get("additionalProperties").filter(|others| others.is_object());
        for entry in entries {
            if let Some(property) = properties.get(&entry.key).or(others) {
                if let Some(value) = self.value(&entry.node, property, Place(&entry.key)) {
                    map.insert(entry.key.clone(), value);
                }
            } else {
                self.unknown_key(entry, schema, place);
            }
        }
        for key in properties.keys().filter(|key| schema::is_required(schema, key)) {
            if node.entry(key).is_none() {
                self.missing_key(node, schema, key, place);
            }
        }
        Some(map)
    }

    fn unknown_key(&mut self, entry: &Entry, schema: &'static Json, place: Place) {
        let known: Vec<&str> = schema::properties(schema).keys().map(String::as_str).collect();
        let help = match known.is_empty() {
            true => format!("`{}` has no settings", place.0),
            false => near::help(&entry.key, &known),
        };
        let message = format!("unknown key `{}` in `{}`", quote(&entry.key), quote(place.0));
        self.fault(&entry.key_span, message, help);
    }

    fn missing_key(&mut self, node: &Node, schema: &'static Json, key: &str, place: Place) {
        let meaning = schema::text(&schema::properties(schema)[key], "description");
        let help = match crate::sample::of(key) {
            Some(sample) => format!("for example `{key} = {sample}`: {}", first_line(meaning)),
            None => format!("{key}: {}", first_line(meaning)),
        };
        self.fault(&node.span, format!("`{}` lacks `{key}`", quote(place.0)), help);
    }

    /// One of several names, alone or with settings: `"relu"`, `{ dense = { units = 10 } }`.
    fn choice(&mut self, node: &Node, choices: &[Choice], kind: Kind) -> Option<Json> {
        match &node.value {
            Value::String(name) => self.bare_choice(node, name, choices, kind),
            Value::Table(entries) if entries.len() == 1 => self.full_choice(&entries[0], choices, kind),
            Value::Table(entries) => {
                self.not_one_choice(node, entries, choices, kind);
                None
            }
            _ => {
                let message = format!("{} must be a name, found {}", kind.a(), node.described());
                self.fault(&node.span, message, format!("known: {}", names(choices).join(", ")));
                None
            }
        }
    }

    fn bare_choice(&mut self, node: &Node, name: &str, choices: &[Choice], kind: Kind) -> Option<Json> {
        let Some(choice) = choices.iter().find(|choice| choice.name == name) else {
            self.unknown_choice(&node.span, name, choices, kind);
            return None;
        };
        match (choice.content, choice.bare) {
            (None, _) => Some(json!(name)),
            (Some(_), true) => Some(json!({ name: {} })),
            (Some(content), false) => {
                let written = format!("{{ {name} = {} }}", crate::sample::content(content));
                self.fault(
                    &node.span,
                    format!("`{name}` needs settings"),
                    format!("for example `{written}`"),
                );
                None
            }
        }
    }

    fn full_choice(&mut self, entry: &Entry, choices: &[Choice], kind: Kind) -> Option<Json> {
        let Some(choice) = choices.iter().find(|choice| choice.name == entry.key) else {
            self.unknown_choice_or_setting(entry, choices, kind);
            return None;
        };
        match choice.content {
            Some(content) => {
                let value = self.value(&entry.node, content, Place(&entry.key))?;
                Some(json!({ entry.key.as_str(): value }))
            }
            None => {
                let help = format!("write \"{}\"", choice.name);
                self.fault(&entry.key_span, format!("`{}` has no settings", choice.name), help);
                None
            }
        }
    }

    fn unknown_choice(&mut self, span: &std::ops::Range<usize>, name: &str, choices: &[Choice], kind: Kind) {
        let help = near::help(name, &names(choices));
        self.fault(span, format!("unknown {} `{}`", kind.0, quote(name)), help);
    }

    /// `{ learning_rate = 0.1 }` where `{ sgd = { learning_rate = 0.1 } }` was meant deserves a better word.
    fn unknown_choice_or_setting(&mut self, entry: &Entry, choices: &[Choice], kind: Kind) {
        match owner(&entry.key, choices) {
            Some(owner) => {
                let message = format!(
                    "{} must begin with its name, found its setting `{}`",
                    kind.a(),
                    quote(&entry.key)
                );
                let help = format!(
                    "for example `{{ {owner} = {{ {} = … }} }}` (known: {})",
                    entry.key,
                    names(choices).join(", ")
                );
                self.fault(&entry.key_span, message, help);
            }
            None => self.unknown_choice(&entry.key_span, &entry.key, choices, kind),
        }
    }

    fn not_one_choice(&mut self, node: &Node, entries: &[Entry], choices: &[Choice], kind: Kind) {
        let Some(second) = entries.get(1) else {
            let help = format!("known: {}", names(choices).join(", "));
            self.fault(&node.span, format!("{} needs a name, found an empty table", kind.a()), help);
            return;
        };
        let first = &entries[0];
        let settings =
            choices.iter().find(|choice| choice.name == first.key).and_then(|choice| choice.content);
        let belongs =
            settings.is_some_and(|s| schema::properties(schema::resolve(s).0).contains_key(&second.key));
        let found: Vec<String> =
            entries.iter().take(4).map(|entry| format!("`{}`", quote(&entry.key))).collect();
        let message = format!("{} has exactly one name, found {}", kind.a(), found.join(", "));
        let help = if belongs {
            format!(
                "`{0}` is a setting of `{1}`: write it inside, `{{ {1} = {{ {0} = … }} }}`",
                second.key, first.key
            )
        } else if let Some(owner) = owner(&first.key, choices).filter(|_| settings.is_none()) {
            format!(
                "write `{{ {owner} = {{ {} = … }} }}`: the name first, its settings inside",
                quote(&first.key)
            )
        } else {
            format!("write one table for each {}: `{{ … }}, {{ … }}`", kind.0)
        };
        self.fault(&second.key_span, message, help);
    }

    fn list(&mut self, node: &Node, schema: &'static Json, place: Place) -> Option<Json> {
        let Value::Array(items) = &node.value else {
            return self.wrong_type(node, "a list", place);
        };
        let bound = |key| schema.get(key).and_then(Json::as_u64).map(|n| n as usize);
        let (least, most) = (bound("minItems").unwrap_or(0), bound("maxItems").unwrap_or(usize::MAX));
        if items.len() < least || items.len() > most {
            let wanted = match (least, most) {
                (least, most) if least == most => format!("{least}"),
                (least, usize::MAX) => format!("at least {least}"),
                (0, most) => format!("at most {most}"),
                (least, most) => format!("{least} to {most}"),
            };
            let message = format!("`{}` must have {wanted} items, found {}", quote(place.0), items.len());
            self.fault(&node.span, message, sample_help(place));
            return None;
        }
        let items = items.iter().map(|item| self.value(item, &schema["items"], place));
        let items: Vec<Option<Json>> = items.collect();
        items.into_iter().collect::<Option<Vec<Json>>>().map(Json::Array)
    }

    fn string(&mut self, node: &Node, schema: &'static Json, place: Place) -> Option<Json> {
        let Value::String(text) = &node.value else {
            return self.wrong_type(node, "a string", place);
        };
        let bound = |key| schema.get(key).and_then(Json::as_u64);
        if text.trim().is_empty() && bound("minLength").is_some_and(|least| least > 0) {
            self.fault(&node.span, format!("`{}` must not be empty", quote(place.0)), sample_help(place));
        }
        if bound("maxLength").is_some_and(|most| text.chars().count() as u64 > most) {
            let most = bound("maxLength").unwrap_or(0);
            self.fault(&node.span, format!("`{}` must have at most {most} characters", quote(place.0)), "");
        }
        Some(json!(text))
    }

    fn integer(&mut self, node: &Node, schema: &'static Json, place: Place) -> Option<Json> {
        match node.value {
            Value::Integer(number) => {
                self.range(node, number as f64, schema, place)?;
                Some(json!(number))
            }
            Value::TooLarge => {
                let message = format!(
                    "`{}` must be {}, found {}",
                    quote(place.0),
                    range_in_words(schema),
                    node.described()
                );
                self.fault(&node.span, message, "");
                None
            }
            _ => self.wrong_type(node, "a whole number", place),
        }
    }

    fn number(&mut self, node: &Node, schema: &'static Json, place: Place) -> Option<Json> {
        let number = match node.value {
            Value::Integer(number) => number as f64,
            Value::Float(number) => number,
            _ => return self.wrong_type(node, "a number", place),
        };
        let overflows =
            schema.get("format").is_some_and(|format| format == "float") && !(number as f32).is_finite();
        if !number.is_finite() || overflows {
            self.fault(
                &node.span,
                format!("`{}` must be a finite number, found {number}", quote(place.0)),
                "",
            );
            return None;
        }
        self.range(node, number, schema, place)?;
        Some(json!(number))
    }

    fn range(&mut self, node: &Node, number: f64, schema: &'static Json, place: Place) -> Option<()> {
        let bound = |key| schema.get(key).and_then(Json::as_f64);
        let fits = bound("minimum").is_none_or(|least| number >= least)
            && bound("maximum").is_none_or(|most| number <= most)
            && bound("exclusiveMinimum").is_none_or(|least| number > least)
            && bound("exclusiveMaximum").is_none_or(|most| number < most);
        if fits {
            return Some(());
        }
        let message =
            format!("`{}` must be {}, found {}", quote(place.0), range_in_words(schema), node.described());
        let is_percentage =
            bound("maximum").or(bound("exclusiveMaximum")) == Some(1.0) && number > 1.0 && number <= 100.0;
        let help = if is_percentage {
            format!("a fraction, not a percentage: {}", number / 100.0)
        } else {
            String::new()
        };
        self.fault(&node.span, message, help);
        None
    }

    fn wrong_type(&mut self, node: &Node, wanted: &str, place: Place) -> Option<Json> {
        let message = format!("`{}` must be {wanted}, found {}", quote(place.0), node.described());
        let help = match &node.value {
            Value::String(text) if is_plain(text) && wanted != "a list" => format!("without quotes: {text}"),
            Value::Integer(number) if wanted == "a string" => format!("in quotes: \"{number}\""),
            _ => sample_help(place),
        };
        self.fault(&node.span, message, help);
        None
    }
}

/// What a set of choices is called: "optimizer", "layer".
#[derive(Clone, Copy)]
pub(crate) struct Kind(pub &'static str);

impl Kind {
    /// From the name of the type.
    pub fn of(definition: Option<&'static str>) -> Kind {
        Kind(match definition.unwrap_or("") {
            "Layer" => "layer",
            "Optimizer" => "optimizer",
            "Schedule" => "schedule",
            "Callback" => "callback",
            "Activation" => "activation",
            "Initializer" => "initializer",
            "Padding" => "padding",
            "Monitor" => "metric",
            "SplitHow" => "split",
            _ => "name",
        })
    }

    fn a(self) -> String {
        let article = if self.0.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        format!("{article} {}", self.0)
    }
}

fn names(choices: &[Choice]) -> Vec<&'static str> {
    choices.iter().map(|choice| choice.name).collect()
}

/// The first choice that has this setting.
fn owner(setting: &str, choices: &[Choice]) -> Option<&'static str> {
    let has = |choice: &&Choice| {
        choice
            .content
            .is_some_and(|content| schema::properties(schema::resolve(content).0).contains_key(setting))
    };
    choices.iter().find(has).map(|choice| choice.name)
}

/// "from 0 to 1", "at least 1", "a whole number from 1 to 1000".
pub(crate) fn range_in_words(schema: &Json) -> String {
    let bound = |key| schema.get(key).map(plain);
    let least = bound("minimum");
    let above = bound("exclusiveMinimum");
    let range = match (least, above, bound("maximum"), bound("exclusiveMaximum")) {
        (Some(least), _, Some(most), _) => format!("from {least} to {most}"),
        (Some(least), _, _, Some(end)) => format!("from {least} to below {end}"),
        (Some(least), ..) => format!("at least {least}"),
        (_, Some(above), Some(most), _) => format!("above {above}, at most {most}"),
        (_, Some(above), _, Some(end)) => format!("between {above} and {end}, both excluded"),
        (_, Some(above), ..) => format!("above {above}"),
        (_, _, Some(most), _) => format!("at most {most}"),
        (_, _, _, Some(end)) => format!("below {end}"),
        _ => String::new(),
    };
    range
}

/// A bound as people write it: 1 for 1.0.
fn plain(number: &Json) -> String {
    match number.as_f64() {
        Some(value) if value.fract() == 0.0 && value.abs() < 1e15 => format!("{value:.0}"),
        _ => number.to_string(),
    }
}

fn in_words(kind: &str) -> &'static str {
    match kind {
        "number" => "a number",
        "integer" => "a whole number",
        "object" => "a table",
        "string" => "a string",
        "array" => "a list",
        _ => "another value",
    }
}

fn sample_help(place: Place) -> String {
    crate::sample::of(place.0).map_or(String::new(), |sample| format!("for example `{} = {sample}`", place.0))
}

/// Whether a quoted text is a number, true or false, which needs no quotes.
fn is_plain(text: &str) -> bool {
    text.len() < 20 && (text.parse::<f64>().is_ok_and(f64::is_finite) || matches!(text, "true" | "false"))
}

fn first_line(text: &str) -> &str {
    text.split('\n').next().unwrap_or("").trim_end_matches('.')
}

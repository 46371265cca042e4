//! Choices: a name alone (`"relu"`), or a name with settings (`{ dense = { units = 10 } }`).

use std::ops::Range;

use serde_json::{Map, Value as Json, json};

use super::{FieldName, Walk, fill_defaults};
use crate::check::faults::quote;
use crate::check::groups::group_of;
use crate::check::schema::{self, SchemaChoice};
use crate::check::suggest;
use crate::check::tree::{Entry, Node, Value};

impl Walk {
    /// One of several names, alone or with settings: `"relu"`, `{ dense = { units = 10 } }`.
    pub(super) fn choice(
        &mut self,
        node: &Node,
        choices: &[SchemaChoice],
        kind: ChoiceKind,
        field: FieldName,
    ) -> Option<Json> {
        match &node.value {
            Value::String(name) => self.bare_choice(node, name, choices, kind),
            Value::Table(entries) if entries.len() == 1 => self.full_choice(&entries[0], choices, kind),
            Value::Table(entries) => {
                self.not_one_choice(node, entries, choices, kind);
                None
            }
            _ => {
                let message = format!("{} must be a name, found {}", kind.with_article(), node.described());
                let help = match &node.value {
                    Value::Array(items) if !items.is_empty() => self.several(items, field),
                    _ => format!("known: {}", names(choices).join(", ")),
                };
                self.fault(&node.span, message, help);
                None
            }
        }
    }

    fn bare_choice(
        &mut self,
        node: &Node,
        name: &str,
        choices: &[SchemaChoice],
        kind: ChoiceKind,
    ) -> Option<Json> {
        let Some(choice) = choices.iter().find(|choice| choice.name == name) else {
            self.unknown_choice(&node.span, name, choices, kind);
            return None;
        };
        match (choice.content, choice.bare) {
            (None, _) => Some(json!(name)),
            (Some(content), true) => {
                let mut settings = Map::new();
                if self.ranges.allowed {
                    fill_defaults(&mut settings, schema::properties(schema::resolve(content).0));
                }
                Some(json!({ name: settings }))
            }
            (Some(content), false) => {
                let written = format!("{{ {name} = {} }}", crate::check::sample::content(content));
                self.fault(
                    &node.span,
                    format!("`{name}` needs settings"),
                    format!("for example `{written}`"),
                );
                None
            }
        }
    }

    fn full_choice(&mut self, entry: &Entry, choices: &[SchemaChoice], kind: ChoiceKind) -> Option<Json> {
        let Some(choice) = choices.iter().find(|choice| choice.name == entry.key) else {
            self.unknown_choice_or_setting(entry, choices, kind);
            return None;
        };
        match choice.content {
            Some(content) => {
                let name = self.ranges.path_name(&entry.key);
                let value =
                    self.within(name, |walk| walk.value(&entry.node, content, FieldName(&entry.key)))?;
                Some(json!({ entry.key.as_str(): value }))
            }
            None => {
                let help = format!("write \"{}\"", choice.name);
                self.fault(&entry.key_span, format!("`{}` has no settings", choice.name), help);
                None
            }
        }
    }

    fn unknown_choice(
        &mut self,
        span: &Range<usize>,
        name: &str,
        choices: &[SchemaChoice],
        kind: ChoiceKind,
    ) {
        let help = suggest::help_for(kind.singular(), name, &names(choices));
        self.fault(span, format!("unknown {} `{}`", kind.singular(), quote(name)), help);
    }

    /// Also explains `{ learning_rate = 0.1 }` where `{ sgd = { learning_rate = 0.1 } }` was probably meant.
    fn unknown_choice_or_setting(&mut self, entry: &Entry, choices: &[SchemaChoice], kind: ChoiceKind) {
        if let Some(name) = named_by_value(entry, choices) {
            let message =
                format!("{} begins with its name, found `{}`", kind.with_article(), quote(&entry.key));
            let is_bare = choices.iter().any(|choice| choice.name == name && choice.bare);
            let help =
                if is_bare { format!("write \"{name}\"") } else { format!("write `{{ {name} = … }}`") };
            self.fault(&entry.key_span, message, help);
            return;
        }
        match owner(&entry.key, choices) {
            Some(owner) => {
                let message = format!(
                    "{} must begin with its name, found its setting `{}`",
                    kind.with_article(),
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

    fn not_one_choice(&mut self, node: &Node, entries: &[Entry], choices: &[SchemaChoice], kind: ChoiceKind) {
        let Some(second) = entries.get(1) else {
            let help = format!("known: {}", names(choices).join(", "));
            self.fault(
                &node.span,
                format!("{} needs a name, found an empty table", kind.with_article()),
                help,
            );
            return;
        };
        let first = &entries[0];
        let settings =
            choices.iter().find(|choice| choice.name == first.key).and_then(|choice| choice.content);
        if let Some(name) = named_by_value(first, choices) {
            let message =
                format!("{} begins with its name, found `{}`", kind.with_article(), quote(&first.key));
            let help = format!(
                "write `{{ {name} = {{ {} = … }} }}`: the name first, its settings inside",
                quote(&second.key)
            );
            self.fault(&first.key_span, message, help);
            return;
        }
        let belongs =
            settings.is_some_and(|s| schema::properties(schema::resolve(s).0).contains_key(&second.key));
        let found: Vec<String> =
            entries.iter().take(4).map(|entry| format!("`{}`", quote(&entry.key))).collect();
        let message = format!("{} has exactly one name, found {}", kind.with_article(), found.join(", "));
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
            format!("write one table for each {}: `{{ … }}, {{ … }}`", kind.singular())
        };
        self.fault(&second.key_span, message, help);
    }
}

/// What messages call one of the choices: "optimizer", "layer".
#[derive(Clone, Copy)]
pub(crate) struct ChoiceKind(&'static str);

impl ChoiceKind {
    /// From the name of the type.
    pub(crate) fn of(definition: Option<&'static str>) -> ChoiceKind {
        ChoiceKind(match definition {
            Some("ModelLayer") => "layer",
            Some(definition) => group_of(definition).map_or("name", |group| group.singular),
            None => "name",
        })
    }

    fn singular(self) -> &'static str {
        self.0
    }

    fn with_article(self) -> String {
        let article = if self.0.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        format!("{article} {}", self.0)
    }
}

/// `{ name = "adam", … }`, `{ type = "dense", … }`, as other tools write it: the name in the value.
fn named_by_value(entry: &Entry, choices: &[SchemaChoice]) -> Option<&'static str> {
    let Value::String(name) = &entry.node.value else { return None };
    let is_name_key = matches!(entry.key.as_str(), "name" | "type" | "kind" | "class_name" | "class");
    if is_name_key { suggest::nearest(name, names(choices)) } else { None }
}

fn names(choices: &[SchemaChoice]) -> Vec<&'static str> {
    choices.iter().map(|choice| choice.name).collect()
}

/// The first choice that has this setting.
pub(super) fn owner(setting: &str, choices: &[SchemaChoice]) -> Option<&'static str> {
    let has = |choice: &&SchemaChoice| {
        choice
            .content
            .is_some_and(|content| schema::properties(schema::resolve(content).0).contains_key(setting))
    };
    choices.iter().find(has).map(|choice| choice.name)
}

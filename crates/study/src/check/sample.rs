//! Samples: a sensible value for each key that has no default, for messages and the reference page.

use serde_json::Value;

use super::{schema, suggest};

/// Key and value, as a study file writes them.
const SAMPLES: [(&str, &str); 58] = [
    ("units", "10"),
    ("filters", "32"),
    ("kernel_size", "[3, 3]"),
    ("pool_size", "[2, 2]"),
    ("strides", "[2, 2]"),
    ("rate", "0.5"),
    ("constant", "0.1"),
    ("steps", "4000"),
    ("decay_steps", "4000"),
    ("decay_rate", "0.5"),
    ("boundaries", "[1000, 2000]"),
    ("values", "[0.1, 0.01, 0.001]"),
    ("warmup_target", "0.01"),
    ("weight_decay", "0.004"),
    ("clipnorm", "1.0"),
    ("clipvalue", "0.5"),
    ("global_clipnorm", "1.0"),
    ("baseline", "0.5"),
    ("name", "\"Model 1\""),
    ("question", "\"Does a larger batch cost accuracy?\""),
    ("data", "\"fashion-mnist\""),
    ("path", "\"./my-images\""),
    ("size", "[28, 28]"),
    ("resize", "\"area\""),
    ("channels", "1"),
    ("test_fraction", "0.2"),
    ("validation", "\"own\""),
    ("validation_split", "0.1"),
    ("fraction", "0.1"),
    ("layers", "[\"flatten\", { dense = { units = 10, activation = \"softmax\" } }]"),
    ("model", "\"dense\""),
    ("optimizer", "\"adam\""),
    ("schedule", "{ cosine = { decay_steps = 4000 } }"),
    ("epochs", "10"),
    ("class_weight", "{ 6 = 2.0 }"),
    ("callbacks", "[{ early_stopping = { patience = 5 } }]"),
    ("seed", "7"),
    ("seeds", "5"),
    ("note", "\"as published\""),
    ("published", "{ test_loss = 0.357, test_accuracy = 0.876 }"),
    ("initial_weights", "\"start.safetensors\""),
    ("times", "2"),
    ("percentile", "25.0"),
    ("patience", "3"),
    ("lower", "0.5"),
    ("upper", "2.0"),
    ("sampler", "\"tpe\""),
    ("pruner", "\"median\""),
    ("n_trials", "40"),
    ("timeout", "3600.0"),
    ("cpu_timeout", "7200.0"),
    ("stagnation", "30"),
    ("metric", "\"val_accuracy\""),
    ("direction", "\"maximize\""),
    ("fixed", "{ batch_size = 256 }"),
    ("first", "[{ batch_size = 128 }]"),
    ("low", "0.001"),
    ("high", "0.1"),
];

/// The same for keys that have a default, so that messages need no sample of them.
const FURTHER: [(&str, &str); 7] = [
    ("learning_rate", "0.01"),
    ("momentum", "0.9"),
    ("batch_size", "128"),
    ("shuffle", "false"),
    ("dtype_policy", "\"mixed_bfloat16\""),
    ("loss", "\"categorical_crossentropy\""),
    ("label_smoothing", "0.1"),
];

/// The sample of a key.
pub(crate) fn of(key: &str) -> Option<&'static str> {
    SAMPLES.iter().find(|(name, _)| *name == key).map(|(_, value)| *value)
}

/// The setting of the study file that a word means, in any spelling or as other tools call it, as the file writes it:
/// `lr` is `learning_rate = 0.01`.
pub fn setting(word: &str) -> Option<String> {
    let exact = |key: &&str| suggest::is_called(word, key);
    let (key, value) = SAMPLES.iter().chain(&FURTHER).find(|(key, _)| exact(key))?;
    Some(format!("{key} = {value}"))
}

/// The sample of a key of this table: the layers of a block are not a whole model.
fn of_key_in(key: &str, table: &'static Value) -> &'static str {
    match key {
        "layers" if schema::properties(table).contains_key("times") => {
            "[{ dense = { units = 32, activation = \"relu\" } }]"
        }
        key => of(key).unwrap_or("1"),
    }
}

/// Sample settings of a choice: a table of its required keys, or a single value.
pub(crate) fn content(content: &'static Value) -> String {
    let (schema, _) = schema::resolve(content);
    if schema["type"] != "object" {
        return match schema::choices(schema) {
            Some(choices) => format!(
                "\"{}\"",
                choices.iter().map(|c| c.name).find(|n| *n == "relu").unwrap_or(choices[0].name)
            ),
            None => "0.1".to_string(),
        };
    }
    let keys = schema::properties(schema).keys().filter(|key| schema::is_required(schema, key));
    let pairs: Vec<String> = keys.map(|key| format!("{key} = {}", of_key_in(key, schema))).collect();
    if pairs.is_empty() { "{}".to_string() } else { format!("{{ {} }}", pairs.join(", ")) }
}

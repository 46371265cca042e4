//! How Keras names layers that were given no name, and the groups of all of them.

use std::collections::HashMap;

/// Counts the layers of each class.
#[derive(Default)]
pub(super) struct GroupNames {
    seen: HashMap<String, usize>,
}

impl GroupNames {
    /// The name of the next layer of this class: the class in snake case, numbered from the second of its class on.
    pub(super) fn next(&mut self, class_name: &str) -> String {
        let name = snake(class_name);
        let count = self.seen.entry(name.clone()).or_insert(0);
        *count += 1;
        if *count == 1 { name } else { format!("{name}_{}", *count - 1) }
    }
}

/// `MaxPooling2D` becomes `max_pooling2d`, as `keras.src.utils.naming.to_snake_case` does it.
fn snake(class_name: &str) -> String {
    let letters: Vec<char> = class_name.chars().collect();
    let mut name = String::new();
    for (i, c) in letters.iter().enumerate() {
        let after_small = i > 0 && (letters[i - 1].is_lowercase());
        let before_small = i > 0 && letters.get(i + 1).is_some_and(|next| next.is_lowercase());
        if c.is_uppercase() && (after_small || before_small) {
            name.push('_');
        }
        name.extend(c.to_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keras' own names of these classes' first layers.
    #[test]
    fn groups_are_called_as_keras_calls_layers() {
        for (class_name, name) in [
            ("Dense", "dense"),
            ("Conv2D", "conv2d"),
            ("DepthwiseConv2D", "depthwise_conv2d"),
            ("SeparableConv2D", "separable_conv2d"),
            ("MaxPooling2D", "max_pooling2d"),
            ("AveragePooling2D", "average_pooling2d"),
            ("GlobalAveragePooling2D", "global_average_pooling2d"),
            ("BatchNormalization", "batch_normalization"),
            ("ReLU", "re_lu"),
            ("LeakyReLU", "leaky_re_lu"),
            ("ELU", "elu"),
            ("Flatten", "flatten"),
        ] {
            assert_eq!(snake(class_name), name);
        }
    }

    #[test]
    fn layers_of_a_class_are_numbered_from_the_second_on() {
        let mut names = GroupNames::default();
        let found = ["Dense", "ReLU", "Dense", "Dense"].map(|class_name| names.next(class_name));
        assert_eq!(found, ["dense", "re_lu", "dense_1", "dense_2"]);
    }
}

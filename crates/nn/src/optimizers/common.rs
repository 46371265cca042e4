//! What all optimizers share: the learning rate, decoupled weight decay, and bounds on the gradient.

use crate::engine::Clipping;

/// The settings that every optimizer has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Common {
    /// η, before any schedule.
    pub learning_rate: f64,
    /// Decoupled: w ← w − `weight_decay` η w before each update.
    pub weight_decay: Option<f64>,
    /// Each weight tensor's gradient is scaled down to at most this norm.
    pub clipnorm: Option<f64>,
    /// Each gradient value is cut to ± this.
    pub clipvalue: Option<f64>,
    /// The whole gradient is scaled down to at most this norm.
    pub global_clipnorm: Option<f64>,
}

impl Common {
    /// The bound on the gradient. As in Keras, a limit of 0 is none.
    pub(crate) fn clipping(&self) -> Clipping {
        let limit = |limit: Option<f64>| limit.map(|limit| limit as f32).filter(|limit| *limit > 0.0);
        match (limit(self.clipnorm), limit(self.clipvalue), limit(self.global_clipnorm)) {
            (Some(limit), _, _) => Clipping::Norm(limit),
            (None, Some(limit), _) => Clipping::Value(limit),
            (None, None, Some(limit)) => Clipping::GlobalNorm(limit),
            (None, None, None) => Clipping::None,
        }
    }
}

/// Defines an optimizer's settings: the learning rate, its own, then what else [`Common`] has, all on one level, as
/// study files and records write them. (serde's `flatten` knows neither a default per optimizer nor this order.)
///
/// Makes the struct, `Default`, `From` into the list of all, `new(learning_rate)` and `common()`.
macro_rules! optimizer {
    (
        $(#[$about:meta])*
        pub struct $name:ident {
            learning_rate: $learning_rate:expr,
            weight_decay: $weight_decay:expr,
            $( $(#[$about_own:meta])* $own:ident: $type:ty = $default:expr, )*
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            /// η
            #[schemars(range(min = 0.0))]
            pub learning_rate: f64,
            $( $(#[$about_own])* pub $own: $type, )*
            /// Decoupled: w ← w − `weight_decay` η w before each update.
            #[schemars(range(min = 0.0))]
            pub weight_decay: Option<f64>,
            /// Each weight tensor's gradient is scaled down to at most this norm.
            #[schemars(range(min = 0.0))]
            pub clipnorm: Option<f64>,
            /// Each gradient value is cut to ± this.
            #[schemars(range(min = 0.0))]
            pub clipvalue: Option<f64>,
            /// The whole gradient is scaled down to at most this norm.
            #[schemars(range(min = 0.0))]
            pub global_clipnorm: Option<f64>,
        }

        /// Keras' defaults.
        impl Default for $name {
            fn default() -> $name {
                $name {
                    learning_rate: $learning_rate,
                    $( $own: $default, )*
                    weight_decay: $weight_decay,
                    clipnorm: None,
                    clipvalue: None,
                    global_clipnorm: None,
                }
            }
        }

        impl From<$name> for $crate::Optimizer {
            fn from(settings: $name) -> $crate::Optimizer {
                $crate::Optimizer::$name(settings)
            }
        }

        impl $name {
            /// With this learning rate, everything else as Keras' defaults.
            pub fn new(learning_rate: f64) -> $name {
                $name { learning_rate, ..$name::default() }
            }

            /// What all optimizers share.
            pub fn common(&self) -> $crate::Common {
                $crate::Common {
                    learning_rate: self.learning_rate,
                    weight_decay: self.weight_decay,
                    clipnorm: self.clipnorm,
                    clipvalue: self.clipvalue,
                    global_clipnorm: self.global_clipnorm,
                }
            }
        }
    };
}

pub(super) use optimizer;

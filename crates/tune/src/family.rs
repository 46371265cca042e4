//! Families of algorithms: one list each, in which a line stands for a member.

/// Declares a family: the enum that the study file names, from the list of its members.
///
/// A line of the list is what the member is, the name in the study file, the variant, and the settings with their
/// module: `/// By chance.` `"random" => Random(random::RandomSampler)`. The settings implement the family's trait,
/// which has no default methods, so that the compiler asks each member for each answer.
macro_rules! family {
    (
        $(#[$family_meta:meta])*
        pub enum $family:ident: $behaviour:ident {
            $(none { $(#[$none_meta:meta])* $none_name:literal => $none:ident($none_value:expr) })?
            $( $(#[$meta:meta])* $name:literal => $variant:ident($module:ident::$settings:ident), )+
        }
    ) => {
        $( pub use self::$module::$settings; )+

        $(#[$family_meta])*
        pub enum $family {
            $( $(#[$none_meta])* #[serde(rename = $none_name)] $none, )?
            $( $(#[$meta])* #[serde(rename = $name)] $variant($settings), )+
        }

        impl $family {
            /// The names of all members, as the study file spells them.
            pub const NAMES: &[&str] = &[$($none_name,)? $($name),+];

            /// Its name in the study file.
            pub fn name(&self) -> &'static str {
                match self {
                    $( $family::$none => $none_name, )?
                    $( $family::$variant(_) => $name, )+
                }
            }

            /// The member itself.
            fn member(&self) -> &dyn $behaviour {
                match self {
                    $( $family::$none => &$none_value, )?
                    $( $family::$variant(settings) => settings, )+
                }
            }
        }

        $(
            impl From<$settings> for $family {
                fn from(settings: $settings) -> Self {
                    $family::$variant(settings)
                }
            }
        )+
    };
}

pub(crate) use family;

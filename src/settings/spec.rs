//! How a setting is declared, and what follows from its declaration: its flag with the help, and how it is read.

use std::{collections::HashMap, marker::PhantomData};

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, ValueHint};

/// A setting, as it is declared. Whatever its declaration says is said nowhere else.
#[derive(Debug)]
pub struct Spec {
    /// The flag, without dashes.
    pub flag: &'static str,
    /// The variables of the environment, comma-separated.
    pub variable: &'static str,
    /// What the flag takes.
    pub takes: Takes,
    /// What a shell completes for it.
    pub hint: ValueHint,
    /// The default, as it would be given; empty if there is none.
    pub default: &'static str,
    /// The help: one line.
    pub help: &'static str,
    /// What `--help` adds; default and variable follow by themselves.
    pub more: &'static str,
    /// The heading in the help.
    pub heading: Option<&'static str>,
    /// Another flag that excludes it.
    pub excludes: Option<&'static str>,
    /// It names a file, a directory or a user: a caller with fewer privileges than this process must not choose what
    /// that reads, writes, runs or becomes.
    pub is_of_host: bool,
}

/// What a flag takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// One value, which the help calls so.
    One(&'static str),
    /// The same, repeatedly.
    Many(&'static str),
    /// Nothing: it turns something on.
    Nothing,
}

impl Spec {
    /// What a declaration need not say.
    pub(super) const NONE: Self = Self {
        flag: "",
        variable: "",
        takes: Takes::Nothing,
        hint: ValueHint::Other,
        default: "",
        help: "",
        more: "",
        heading: None,
        excludes: None,
        is_of_host: false,
    };

    fn argument(&'static self, is_global: bool) -> Arg {
        let default = match self.takes {
            _ if self.default.is_empty() => String::new(),
            Takes::Nothing => String::new(),
            Takes::One(_) | Takes::Many(_) => format!("[default: {}]", self.default),
        };
        let variable = format!("[env: {}]", self.variable);
        let more = [self.more, &default, &variable].into_iter().filter(|part| !part.is_empty());
        let argument = Arg::new(self.flag)
            .long(self.flag)
            .help(self.help)
            .long_help(format!("{}\n\n{}", self.help, more.collect::<Vec<_>>().join(" ")))
            .help_heading(self.heading)
            .global(is_global)
            .hide_short_help(is_global);
        let argument = match self.takes {
            Takes::One(name) => argument.value_name(name).value_hint(self.hint),
            Takes::Many(name) => argument.value_name(name).value_hint(self.hint).action(ArgAction::Append),
            Takes::Nothing => argument.action(ArgAction::SetTrue),
        };
        match self.excludes {
            Some(other) => argument.conflicts_with(other),
            None => argument,
        }
    }

    fn given(&self, matches: &ArgMatches) -> Option<String> {
        match self.takes {
            Takes::One(_) => matches.get_one::<String>(self.flag).cloned(),
            Takes::Many(_) => {
                let all: Vec<_> = matches.get_many::<String>(self.flag)?.map(String::as_str).collect();
                Some(all.join(","))
            }
            Takes::Nothing => matches.get_flag(self.flag).then(|| "true".to_owned()),
        }
    }
}

/// Settings with their declarations.
pub trait Declared {
    /// Whether every subcommand takes their flags.
    const IS_GLOBAL: bool;

    /// All of them, in the order of the help.
    fn specs() -> impl Iterator<Item = &'static Spec>;
}

/// The flags of these settings that were given, as text.
#[derive(Debug, Clone)]
pub struct Given<S>(HashMap<&'static str, String>, PhantomData<S>);

impl<S> Default for Given<S> {
    fn default() -> Self {
        Self(HashMap::new(), PhantomData)
    }
}

impl<S> Given<S> {
    pub(super) fn flag(&self, spec: &Spec) -> Option<&str> {
        self.0.get(spec.flag).map(String::as_str)
    }
}

impl<S: Declared> Args for Given<S> {
    fn augment_args(command: Command) -> Command {
        command.args(S::specs().map(|spec| spec.argument(S::IS_GLOBAL)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<S: Declared> FromArgMatches for Given<S> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut given = Self::default();
        given.update_from_arg_matches(matches)?;
        Ok(given)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.extend(S::specs().filter_map(|spec| Some((spec.flag, spec.given(matches)?))));
        Ok(())
    }
}

/// Declares settings. Each entry is a field of the struct and everything else that there is to say about it: the fields
/// of [`Spec`], `read` (what a value is, or what is allowed), and `show` (how `serve --check` prints it).
macro_rules! settings {
    (
        $(#[$about:meta])*
        $name:ident {
            $($field:ident: $type:ty {
                read: $read:expr,
                show: $show:expr,
                help: $help:literal,
                $($key:ident: $value:expr),+ $(,)?
            })+
        }
    ) => {
        /// The declarations.
        #[expect(non_upper_case_globals, reason = "each is named like its field")]
        mod specs {
            use super::*;
            $(pub(super) static $field: Spec = Spec { help: $help, $($key: $value,)+ ..Spec::NONE };)+
        }

        $(#[$about])*
        #[derive(Debug, Clone)]
        pub struct $name {
            $(#[doc = $help] pub $field: Setting<$type>,)+
        }

        impl $name {
            pub(super) const SPECS: &[&'static Spec] = &[$(&specs::$field),+];

            pub(super) fn read<S>(look: &Lookup<'_, S>) -> Result<Self, SettingError> {
                Ok(Self { $($field: look.setting(&specs::$field, $read)?,)+ })
            }

            /// One line each, for `serve --check`.
            pub fn lines(&self) -> Vec<Line> {
                vec![$(Line::new(&specs::$field, $show(&self.$field.value), self.$field.origin)),+]
            }
        }
    };
}
pub(super) use settings;

//! Where answers are printed: how wide it is, whether it has colours.

use std::{
    io::{self, IsTerminal, Write},
    os::fd::{AsFd, BorrowedFd},
};

use rustix::termios::tcgetwinsize;

use super::style;
use crate::{cli::Color, settings::Environment};

/// Our own output.
#[derive(Debug)]
pub(crate) struct Screen {
    out: io::Stdout,
    is_terminal: bool,
    colors: bool,
}

impl Screen {
    /// The standard output. By itself it has colours on a terminal, unless `NO_COLOR` is set or
    /// `TERM` is `dumb`.
    pub(crate) fn new(color: Color, environment: Environment<'_>) -> Self {
        let out = io::stdout();
        let is_terminal = out.is_terminal();
        let says_no = environment("NO_COLOR").is_some_and(|value| !value.is_empty())
            || environment("TERM").is_some_and(|value| value == "dumb");
        let colors = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => is_terminal && !says_no,
        };
        Self { out, is_terminal, colors }
    }

    /// Whether people look at it.
    pub(crate) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Columns and rows of the terminal; `None` where there is none, and so no need to wrap.
    pub(crate) fn size(&self) -> Option<(u16, u16)> {
        if !self.is_terminal {
            return None;
        }
        let size = tcgetwinsize(&self.out).ok()?;
        // Serial consoles know no size and say 0.
        Some((
            if size.ws_col == 0 { 80 } else { size.ws_col },
            if size.ws_row == 0 { 24 } else { size.ws_row },
        ))
    }

    /// Columns to lay a table out in.
    pub(crate) fn width(&self) -> Option<u16> {
        self.size().map(|(columns, _)| columns)
    }

    /// Text with its marks as colours, where there are colours.
    pub(crate) fn paint(&self, text: &str) -> String {
        style::paint(text, self.colors)
    }

    /// Prints text, with its marks as colours, at once.
    /// Fails when it cannot be written.
    pub(crate) fn print(&mut self, text: &str) -> io::Result<()> {
        let painted = self.paint(text);
        self.write(painted.as_bytes())
    }

    /// Writes bytes as they are, at once.
    /// Fails when they cannot be written.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut out = self.out.lock();
        out.write_all(bytes)?;
        out.flush()
    }
}

impl AsFd for Screen {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.out.as_fd()
    }
}

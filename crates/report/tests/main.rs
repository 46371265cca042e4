//! The report: all tests of the crate from outside, one program, which is compiled once.

mod common;
mod explore;
mod exports;
mod faces;
mod first_reading;
mod hostile;
mod judged;
mod language;
mod large;
mod latex;
mod latex_colours;
mod layers;
mod live;
mod networks;
mod page;
mod range_test;
mod reasoning;
mod sealed;
mod search_figures;
mod search_sentences;
mod searches;
mod sections;
mod warnings;

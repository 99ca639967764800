//! The house: what each room may import, that no imports run in a circle, and what stays out of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use syn::{punctuated::Punctuated, visit::Visit};

pub fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The code of a file, without its own tests and without comments.
pub fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// A path of names: `["http", "gate", "table"]` is `src/http/gate/table.rs`, and `[]` is `src/lib.rs`.
type Names = Vec<String>;

/// What one file names of this crate: paths from the root of the crate.
#[derive(Default)]
struct Imports {
    module: Names,
    children: BTreeSet<String>,
    names: Vec<Names>,
    /// What the file hands on with `pub use`, by the last name.
    handed_on: BTreeMap<String, Names>,
}

impl Imports {
    fn of(module: Names, code: &str) -> Self {
        let file = syn::parse_file(code).unwrap();
        let children = file.items.iter().filter_map(|item| match item {
            syn::Item::Mod(child) if child.content.is_none() => Some(child.ident.to_string()),
            _ => None,
        });
        let mut imports = Self { module, children: children.collect(), ..Self::default() };
        imports.visit_file(&file);
        imports
    }

    /// `None` for a name of another crate, or one from the file itself.
    fn absolute(&self, path: &[String]) -> Option<Names> {
        let mut base = self.module.clone();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => base.clear(),
            "self" | "super" => {}
            child if self.children.contains(child) => return Some([base, path.to_vec()].concat()),
            _ => return None,
        }
        while let Some((_, more)) = rest.split_first().filter(|(first, _)| *first == "super") {
            base.pop();
            rest = more;
        }
        let named = if path.len() == rest.len() { &path[1..] } else { rest };
        Some([base, named.to_vec()].concat())
    }

    fn tree(&mut self, tree: &syn::UseTree, before: &[String], is_public: bool) {
        let mut path = before.to_vec();
        match tree {
            syn::UseTree::Path(part) => {
                path.push(part.ident.to_string());
                self.tree(&part.tree, &path, is_public);
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.tree(tree, &path, is_public);
                }
            }
            syn::UseTree::Name(name) if name.ident == "self" => self.take(&path, None, is_public),
            syn::UseTree::Name(name) => {
                path.push(name.ident.to_string());
                self.take(&path, None, is_public);
            }
            syn::UseTree::Rename(name) => {
                path.push(name.ident.to_string());
                self.take(&path, Some(name.rename.to_string()), is_public);
            }
            syn::UseTree::Glob(_) => self.take(&path, None, is_public),
        }
    }

    fn take(&mut self, path: &[String], renamed: Option<String>, is_public: bool) {
        let Some(path) = self.absolute(path) else { return };
        match path.last() {
            Some(last) if is_public => {
                self.handed_on.insert(renamed.unwrap_or_else(|| last.clone()), path);
            }
            _ => self.names.push(path),
        }
    }
}

impl<'code> Visit<'code> for Imports {
    fn visit_item(&mut self, item: &'code syn::Item) {
        let attributes: &[syn::Attribute] = match item {
            syn::Item::Mod(item) => &item.attrs,
            syn::Item::Use(item) => &item.attrs,
            syn::Item::Fn(item) => &item.attrs,
            _ => &[],
        };
        let is_test = attributes.iter().any(|attribute| {
            let syn::Meta::List(list) = &attribute.meta else { return false };
            list.path.is_ident("cfg")
                && matches!(list.tokens.to_string().as_str(), "test" | "feature = \"fuzzing\"")
        });
        if !is_test {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'code syn::ItemUse) {
        self.tree(&item.tree, &[], !matches!(item.vis, syn::Visibility::Inherited));
    }

    fn visit_path(&mut self, path: &'code syn::Path) {
        let names: Names = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if names.len() > 1 {
            self.take(&names, None, false);
        }
        syn::visit::visit_path(self, path);
    }

    /// The arguments of `format!` and its kind are expressions too.
    fn visit_macro(&mut self, call: &'code syn::Macro) {
        let arguments = Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated;
        if let Ok(arguments) = call.parse_body_with(arguments) {
            // They are dropped at the end of this call, which the lifetime of the visitor does not allow.
            let mut inside =
                Imports { module: self.module.clone(), children: self.children.clone(), ..Self::default() };
            for argument in &arguments {
                inside.visit_expr(argument);
            }
            self.names.append(&mut inside.names);
        }
    }
}

/// Which files each file imports. What a file hands on counts for the file it comes from, and a file may always
/// use what one of its own parents declares.
fn graph(source: &Path) -> BTreeMap<Names, BTreeSet<Names>> {
    let mut files = BTreeMap::new();
    for path in sources(source) {
        let name = path.strip_prefix(source).unwrap().with_extension("");
        let mut module: Names = name.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
        if matches!(module.last().unwrap().as_str(), "mod" | "lib") {
            module.pop();
        }
        if module != ["main"] && module.last().is_none_or(|last| last != "tests") {
            files.insert(module.clone(), Imports::of(module, &fs::read_to_string(&path).unwrap()));
        }
    }
    let file_of = |name: &Names| {
        let mut name = name.clone();
        // A room hands on what a room inside it hands on, three deep at most.
        for _ in 0..4 {
            let length =
                (0..=name.len()).rev().find(|length| files.contains_key(&name[..*length])).unwrap_or(0);
            let (file, item) = name.split_at(length);
            match item.first().and_then(|item| files.get(file)?.handed_on.get(item)) {
                Some(origin) => name = [origin.clone(), item[1..].to_vec()].concat(),
                None => return file.to_vec(),
            }
        }
        panic!("{name:?} is handed on in a circle");
    };
    let imported = |(module, imports): (&Names, &Imports)| {
        let imported = imports.names.iter().map(&file_of).filter(|file| !module.starts_with(file));
        (module.clone(), imported.collect())
    };
    files.iter().map(imported).collect()
}

/// A circle among the files, if there is one.
fn circle(graph: &BTreeMap<Names, BTreeSet<Names>>) -> Option<Vec<String>> {
    fn walk(
        graph: &BTreeMap<Names, BTreeSet<Names>>,
        way: &mut Vec<Names>,
        done: &mut BTreeSet<Names>,
    ) -> bool {
        let last = way.last().unwrap().clone();
        for next in &graph[&last] {
            if let Some(start) = way.iter().position(|file| file == next) {
                way.drain(..start);
                return true;
            }
            if !done.contains(next) {
                way.push(next.clone());
                if walk(graph, way, done) {
                    return true;
                }
                way.pop();
            }
        }
        done.insert(last);
        false
    }
    let mut done = BTreeSet::new();
    graph.keys().find_map(|start| {
        let mut way = vec![start.clone()];
        (!done.contains(start) && walk(graph, &mut way, &mut done))
            .then(|| way.iter().map(|file| file.join("::")).collect())
    })
}

/// The rooms in docs/design.md, and what each may import.
fn rooms() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(root().join("docs/design.md")).unwrap();
    let table = text.lines().skip_while(|line| !line.starts_with("| room |")).skip(2);
    let quoted = |cell: &str| -> BTreeSet<String> {
        let names = cell.split('`').skip(1).step_by(2);
        names.map(|name| name.trim_end_matches(".rs").trim_end_matches('/').to_owned()).collect()
    };
    table
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<_> = line.trim_matches('|').split('|').collect();
            (quoted(cells[0]).pop_first().unwrap(), quoted(cells[2]))
        })
        .collect()
}

#[test]
fn imports_run_as_the_table_in_the_docs_says() {
    let rooms = rooms();
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, imported) in graph(&root().join("src")) {
        let Some(room) = file.first().filter(|room| *room != "fuzzing") else { continue };
        let allowed = rooms.get(room).unwrap_or_else(|| panic!("docs/design.md does not list {room}"));
        for other in imported.iter().filter_map(|file| file.first()).filter(|other| *other != room) {
            assert!(allowed.contains(other), "src/{} imports {other}", file.join("/"));
            used.entry(room.clone()).or_default().insert(other.clone());
        }
        // Only serve starts the server, and only lib knows the subcommands.
        if room == "cmd" && file != ["cmd", "serve"] {
            assert!(imported.iter().all(|file| file[0] != "http"), "src/{} imports http", file.join("/"));
        }
    }
    for (room, allowed) in rooms {
        assert_eq!(
            used.remove(&room).unwrap_or_default(),
            allowed,
            "what {room} imports, and docs/design.md"
        );
    }
}

#[test]
fn no_imports_run_in_a_circle() {
    let graph = graph(&root().join("src"));
    assert!(graph.len() > 80, "{}", graph.len());
    assert_eq!(circle(&graph), None);
}

#[test]
fn no_file_is_longer_than_300_lines() {
    for path in sources(&root().join("src")) {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= 300, "{} has {lines} lines", path.display());
    }
}

/// clippy.toml forbids both, and this is where that is lifted.
#[test]
fn only_one_file_starts_processes_and_only_one_is_unsafe() {
    let source = root().join("src");
    let holding = |words: &str| {
        let files = sources(&source).into_iter().filter(|path| code(path).contains(words));
        files.map(|path| path.strip_prefix(&source).unwrap().display().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(holding("clippy::disallowed_methods"), ["exec/host.rs"]);
    assert_eq!(holding("unsafe_code"), ["system/privilege/secure.rs"]);
}

#[test]
fn the_check_of_imports_sees_every_form() {
    let code = "
        mod child;
        pub use child::Handed;
        use std::fmt;
        use crate::{error::Error, exec::{self, Deadline}, service};
        use super::{sibling::Thing as Other, super::far};
        fn f(x: crate::http::X) -> child::Y { log::warn!(\"{}\", crate::cmd::run(1)); super::g() }
        #[cfg(test)]
        mod tests { use crate::auth; }
    ";
    let imports = Imports::of(["a", "b"].map(str::to_owned).to_vec(), code);
    let names: Vec<_> = imports.names.iter().map(|name| name.join("::")).collect();
    let expected = [
        "error::Error",
        "exec",
        "exec::Deadline",
        "service",
        "a::sibling::Thing",
        "far",
        "http::X",
        "a::b::child::Y",
        "cmd::run",
        "a::g",
    ];
    assert_eq!(names, expected);
    assert_eq!(imports.handed_on["Handed"].join("::"), "a::b::child::Handed");
}

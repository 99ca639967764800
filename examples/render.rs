//! Renders man/ and completions/ from the command line's types: `cargo run --example render`.

#[path = "../tests/suite/render.rs"]
mod render;

fn main() -> std::io::Result<()> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["man", "completions"] {
        let folder = root.join(folder);
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir(&folder)?;
    }
    for (name, content) in render::files() {
        std::fs::write(root.join(name), content)?;
    }
    Ok(())
}

//! Writes the hostile policies to a folder, to try them by hand, or prints the page that lists them.

use std::path::Path;

use anyhow::{Context as _, bail};
use e2e::hostile::{cases, page};

fn main() -> anyhow::Result<()> {
    let argument = std::env::args().nth(1);
    match argument.as_deref() {
        Some("--page") => print!("{}", page::text()),
        Some(folder) if !folder.starts_with('-') => write(Path::new(folder))?,
        _ => bail!("usage: hostile-policies FOLDER | --page"),
    }
    Ok(())
}

fn write(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("{} can't be made", folder.display()))?;
    for case in cases::all().flat_map(|(_, cases)| cases) {
        let path = folder.join(format!("{}.wasm", case.policy()));
        let module = case.module().with_context(|| case.policy())?;
        std::fs::write(&path, module).with_context(|| format!("{} can't be written", path.display()))?;
    }
    Ok(())
}

//! What every command that loads policies sets up, and how it tells the operator of them.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::Config;
use crate::engine::{Engine, Fuel};
use crate::policy::cache::Cache;
use crate::policy::compile::Compiler;
use crate::policy::{LoadError, Loader, Notice};

/// A loader under a configuration.
pub(super) fn loader(config: &Config) -> anyhow::Result<Loader> {
    loader_with_fuel(config, Fuel::Free)
}

/// A loader of policies that count fuel or don't.
pub(super) fn loader_with_fuel(config: &Config, fuel: Fuel) -> anyhow::Result<Loader> {
    raise_open_files();
    let budget = usize::try_from(config.limits.memory_budget_mib.bytes()).unwrap_or(usize::MAX);
    let engine = Engine::with_fuel(budget, fuel).context("policies can't be run here")?;
    let engine = engine.keep_warm(config.limits.warm_instances, config.limits.idle_seconds.duration());
    let compiler = Compiler::this_program().context("the program that compiles policies can't be found")?.with_fuel(fuel);
    let cache = cache(config, &engine);
    Ok(Loader::new(engine, compiler, cache))
}

/// Loads one file that somebody named, and tells what he should know of it; the error says at which step it was refused.
pub(super) fn told<T>(path: &Path, load: impl FnOnce(&mut Vec<Notice>) -> Result<T, LoadError>) -> anyhow::Result<T> {
    let mut notices = Vec::new();
    let result = load(&mut notices);
    notices.iter().for_each(|notice| tell(path, notice));
    result.map_err(|error| anyhow::anyhow!("{} was refused at the step `{}`: it {}", path.display(), error.step(), error.text()))
}

/// Tells what an operator should know of how a policy was compiled.
pub(super) fn tell(path: &Path, notice: &Notice) {
    if notice.is_about_the_cache() {
        eprintln!("warning: {notice}");
    } else {
        eprintln!("warning: the policy in {}: {notice}", path.display());
    }
}

fn cache(config: &Config, engine: &Engine) -> Cache {
    let Some(folder) = config.cache_path.clone().or_else(default_folder) else {
        eprintln!(
            "warning: policies are compiled at every start, since there is no place for what is compiled: set HOME, XDG_CACHE_HOME, or `cache_path` in the configuration"
        );
        return Cache::nowhere(engine);
    };
    Cache::in_folder(&folder, engine).unwrap_or_else(|error| {
        eprintln!(
            "warning: policies are compiled at every start, since what is compiled can't be kept: {error}; or set `cache_path` in the configuration"
        );
        Cache::nowhere(engine)
    })
}

/// Where a user's programs keep what can be made again
/// (<https://specifications.freedesktop.org/basedir-spec/latest/>; a relative path there is to be ignored).
fn default_folder() -> Option<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let caches = absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")));
    caches.map(|caches| caches.join("trailwarden"))
}

/// Allows as many open files as the system does: each policy's code keeps one open, and many systems start programs with 1,024.
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    // Where it can't be raised, what there is has to do; a policy that finds none left is refused, and says so.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}

//! `policy new` against folders of every kind. Whether what it writes builds and passes is for the tutorial's test to show.

use super::*;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// A folder with a stand-in for the SDK; cargo reads it, nothing builds it.
fn place() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    write(place.path().join("policy-sdk/Cargo.toml"), "[package]\nname = \"policy-sdk\"\n[workspace]\n");
    write(place.path().join("policy-sdk/src/lib.rs"), "");
    place
}

fn write(path: PathBuf, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn manifest(folder: &Path) -> String {
    fs::read_to_string(folder.join("Cargo.toml")).unwrap()
}

#[test]
fn the_new_crate_has_its_own_name_everywhere() {
    let place = place();
    let folder = place.path().join("deep/key-watch");
    assert_eq!(create(&name("key-watch"), &folder, None).unwrap(), Standing::AsWritten);
    assert!(manifest(&folder).contains("\nname = \"key-watch\"\n"));
    for (path, _) in TEMPLATE {
        let text = fs::read_to_string(folder.join(path)).unwrap();
        assert!(!text.contains(TEMPLATE_NAME), "{path} still speaks of {TEMPLATE_NAME}");
    }
    assert!(fs::read_to_string(folder.join("src/lib.rs")).unwrap().contains("name: \"key-watch\""));
    let beside: Vec<_> = fs::read_dir(place.path().join("deep")).unwrap().collect();
    assert_eq!(beside.len(), 1, "a draft was left: {beside:?}");
}

#[test]
fn every_file_of_the_example_is_in_the_template() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/first-policy");
    let entries = walkdir::WalkDir::new(&example).into_iter().filter_entry(|entry| entry.file_name() != "target");
    let files = entries.map(Result::unwrap).filter(|entry| entry.file_type().is_file());
    let mut found: Vec<String> =
        files.map(|entry| entry.path().strip_prefix(&example).unwrap().to_str().unwrap().to_owned()).collect();
    found.sort();
    let mut expected: Vec<&str> = TEMPLATE.iter().map(|(path, _)| *path).chain(["Cargo.toml"]).collect();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn an_empty_folder_is_taken_and_anything_else_is_left_alone() {
    let place = place();
    let empty = place.path().join("empty");
    fs::create_dir(&empty).unwrap();
    create(&name("empty"), &empty, None).unwrap();
    assert!(empty.join("Cargo.toml").is_file());

    let full = place.path().join("full");
    write(full.join("notes.txt"), "mine");
    assert!(matches!(create(&name("full"), &full, None), Err(NewError::NotEmpty(_))));
    let file = place.path().join("file");
    write(file.clone(), "mine");
    assert!(matches!(create(&name("file"), &file, None), Err(NewError::NotEmpty(_))));
    assert_eq!(fs::read_dir(&full).unwrap().count(), 1);
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
}

#[test]
fn inside_a_workspace_that_lists_it_it_is_a_member() {
    let place = place();
    write(
        place.path().join("Cargo.toml"),
        "[workspace]\nresolver = \"3\"\nmembers = [\"policies/*\"]\nexclude = [\"policy-sdk\"]\n",
    );
    let folder = place.path().join("policies/mine");
    assert_eq!(create(&name("mine"), &folder, None).unwrap(), Standing::AsWritten);
    assert!(!manifest(&folder).contains("[workspace]"));
}

#[test]
fn inside_a_workspace_that_does_not_list_it_it_has_its_own() {
    let place = place();
    write(
        place.path().join("Cargo.toml"),
        "[workspace]\nresolver = \"3\"\nmembers = [\"policies/*\"]\nexclude = [\"policy-sdk\"]\n",
    );
    write(place.path().join("policies/other/Cargo.toml"), "[package]\nname = \"other\"\n");
    write(place.path().join("policies/other/src/lib.rs"), "");
    let folder = place.path().join("elsewhere");
    assert_eq!(create(&name("elsewhere"), &folder, None).unwrap(), Standing::OnItsOwn);
    assert!(manifest(&folder).contains("[workspace]"));
}

#[test]
fn outside_a_clone_it_asks_for_the_sdk_and_writes_nothing() {
    let place = tempfile::tempdir().unwrap();
    let error = create(&name("mine"), &place.path().join("below/mine"), None).unwrap_err();
    assert!(error.to_string().contains("--sdk DIR"), "{error}");
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn names_that_rust_has_another_use_for_are_refused() {
    assert!(TAKEN.is_sorted());
    for taken in ["match", "std", "policy-sdk"] {
        let place = place();
        assert!(matches!(create(&name(taken), &place.path().join(taken), None), Err(NewError::NameTaken(_))), "{taken}");
    }
}

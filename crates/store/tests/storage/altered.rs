//! Numbers that somebody has changed since they were written.

use super::*;

/// The one trial of a search that has ended.
fn ended(database: &Database) -> (Store, SearchId) {
    let (storage, id) = begun(database);
    let claim = storage.create_trial(id, &new_trial(0), "w").unwrap().unwrap();
    complete(&storage, &claim, 0.5);
    (storage, id)
}

#[test]
fn a_number_of_a_trial_that_was_changed_is_noticed() {
    for change in [
        "UPDATE toile_epoch SET val_loss = 0.25 WHERE epoch = 1",
        "UPDATE toile_epoch SET epoch = 7 WHERE epoch = 2",
        "DELETE FROM toile_epoch WHERE epoch = 2",
        "UPDATE toile_training SET seed = -5",
        "UPDATE toile_training SET weights_sha256 = 'ab'",
        "UPDATE trial_values SET value = 0.75",
        "UPDATE trial_params SET param_value = 0.02 WHERE param_name = 'a'",
        "UPDATE trial_intermediate_values SET intermediate_value = 0.75 WHERE step = 1",
        "UPDATE trials SET number = 1",
        "UPDATE toile_trial SET checksum = NULL",
    ] {
        on_each_engine(|database| {
            let (storage, _) = ended(database);
            assert_eq!(storage.check("quick").unwrap().altered, []);
            database.sql(change);
            let found = storage.check("quick").unwrap().altered;
            let [AlteredRecord::Trial { search, .. }] = &found[..] else { panic!("{change}: {found:?}") };
            assert_eq!(search, "joint", "{change}");
        });
    }
}

#[test]
fn what_optunas_tools_add_to_a_trial_is_no_change() {
    on_each_engine(|database| {
        let (storage, _) = ended(database);
        database.sql(
            "INSERT INTO trial_user_attributes (trial_id, \"key\", value_json)
                VALUES ((SELECT trial_id FROM trials), 'seen', '1')",
        );
        assert_eq!(storage.check("quick").unwrap().altered, []);
    });
}

#[test]
fn what_is_on_record_of_a_search_is_checked_and_follows_the_study_file() {
    for change in [
        "UPDATE toile_search SET record = replace(record, 'joint', 'joins')",
        "UPDATE toile_search SET chosen_run = 'another'",
    ] {
        on_each_engine(|database| {
            let (storage, _) = ended(database);
            storage.save_chosen_run("quick", "joint", "chosen").unwrap();
            assert_eq!(storage.check("quick").unwrap().altered, []);
            database.sql(change);
            let altered = storage.check("quick").unwrap().altered;
            assert_eq!(altered, [AlteredRecord::Search { name: "joint".into() }], "{change}");
        });
    }
}

#[test]
fn openings_and_images_of_the_test_part_are_checked() {
    for (change, altered) in [
        ("UPDATE toile_opening SET run_id = 'another'", AlteredRecord::Openings),
        ("UPDATE toile_opening SET time = '1970-01-01T00:00:00Z'", AlteredRecord::Openings),
        ("UPDATE toile_image SET id = 8 WHERE id = 7", AlteredRecord::Images),
    ] {
        on_each_engine(|database| {
            let (storage, _) = ended(database);
            let opening =
                TestOpening { time: "2026-01-01T00:00:00Z".into(), run_id: "a".into(), why: "test".into() };
            storage.save_test_opening("quick", &opening).unwrap();
            let images = [3, 7].map(|index| ImageRecord { index, pixels: vec![index as u8; 4] });
            storage.save_images("quick", &images).unwrap();
            // An image that is known stays as it is.
            storage.save_images("quick", &[ImageRecord { index: 7, pixels: vec![0; 4] }]).unwrap();
            assert_eq!(storage.check("quick").unwrap().altered, []);
            database.sql(change);
            let found = storage.check("quick").unwrap().altered;
            assert_eq!(found, std::slice::from_ref(&altered), "{change}");
        });
    }
}

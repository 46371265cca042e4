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

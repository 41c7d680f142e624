"""The invariants I1-I8 of DESIGN and the attacks on each. A readable index: this test fails when an attack disappears.

Read it as: what must always be true, and which tests try to break it.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent

INVARIANTS: dict[str, dict[str, tuple[str, ...]]] = {
    "I1 Every page of an accepted receipt is in exactly one item, every item in exactly one state": {
        "eakte/test_kill.py": (
            "test_every_accepted_receipt_is_there_exactly_once",
            "test_every_letter_is_there_exactly_once_and_in_one_inbox",
            "test_all_stores_agree",
        ),
        "ingest/test_splitting.py": ("test_every_page_is_in_exactly_one_place",),
        "ingest/test_ledger.py": (
            "test_accepted_means_bytes_row_job_and_audit",
            "test_the_same_key_again_makes_nothing_new",
            "test_same_bytes_otherwise_are_a_duplicate",
        ),
        "eakte/test_doctor.py": (
            "test_a_row_deleted_by_hand_is_named",
            "test_a_receipt_deleted_with_all_its_traces_is_known_from_the_log",
            "test_work_that_nobody_does_any_more_is_named",
        ),
        "inbox/test_absence.py": ("test_no_letter_lies_unseen_while_a_lead_is_there",),
    },
    "I2 The bytes of a master are never changed and never deleted except by disposition": {
        "archive/test_blobs.py": (
            "test_a_damaged_blob_is_noticed_and_healed_by_the_same_bytes",
            "test_a_lock_keeps_bytes_where_the_store_has_locks",
        ),
        "archive/test_blobs_local.py": (
            "test_stored_bytes_are_read_only",
            "test_a_killed_writer_loses_nothing_it_acknowledged",
        ),
        "archive/test_claims.py": (
            "test_shared_bytes_stay_until_the_last_claim_goes",
            "test_a_new_claim_lifts_the_tombstone",
            "test_no_claim_slips_between_mark_and_removal",
        ),
        "archive/test_s3_faults.py": (
            "test_a_server_killed_during_puts_loses_nothing_acknowledged",
            "test_no_lie_is_acknowledged",
        ),
        "eakte/test_doctor.py": ("test_a_single_flipped_bit_is_found_by_fixity",),
        "ingest/test_opening.py": ("test_a_master_holds_the_same_image_streams_and_the_same_bytes_each_time",),
        "retention/test_disposal.py": ("test_bytes_that_another_record_claims_stay",),
    },
    "I3 Nothing happens outside the database before commit, except storing content-addressed blobs": {
        "ingest/test_before_commit.py": (
            "test_a_commit_that_fails_releases_no_source_and_makes_no_receipt",
            "test_an_act_that_does_not_commit_leaves_no_trace_anywhere",
        ),
        "core/test_database.py": (
            "test_a_block_that_raises_leaves_nothing",
            "test_a_full_disk_is_an_answer_and_changes_nothing",
        ),
    },
    "I4 Every step can be killed and run again; the result is the same, once": {
        "eakte/test_kill.py": ("test_index_and_audit_are_complete", "test_the_kills_met_work_and_every_target"),
        "core/test_jobs_stateful.py": ("nothing_is_lost_and_nothing_is_done_twice",),
        "core/test_isolation.py": ("test_a_stopped_child_that_wakes_up_late_commits_nothing",),
        "core/test_clock_set_back.py": ("test_the_lease_of_a_dead_worker_is_swept_at_once",),
        "ingest/test_reading.py": ("test_reading_twice_gives_the_same_text",),
        "ingest/test_rendition.py": ("test_equal_input_gives_equal_bytes",),
        "ingest/test_hotfolder.py": ("test_killed_after_the_commit_the_file_is_taken_again_as_the_same",),
        "retention/test_disposal.py": ("test_erasing_twice_erases_once",),
        "retention/test_disposal_resume.py": ("test_killed_anywhere_and_resumed",),
    },
    "I5 No query on records bypasses archive.access; the default is no": {
        "api/test_leaks.py": (
            "test_every_route_and_method_has_a_row",
            "test_records_open_for_their_readers_and_are_nowhere_for_all_others",
            "test_lists_hold_not_a_word_of_what_is_not_yours",
            "test_search_counts_and_snippets_know_only_your_own_pages",
            "test_partial_and_conditional_requests_ask_for_the_same_rights",
        ),
        "inbox/test_acts.py": (
            "test_strangers_do_not_even_learn_that_it_is_there",
            "test_forwarding_opens_this_letter_and_not_the_case",
        ),
        "inbox/test_undo.py": (
            "test_after_a_misfiling_the_wrong_people_lose_sight_at_once",
            "test_the_wrong_people_lose_sight_before_the_index_follows",
        ),
    },
    "I6 The audit log is append-only and hash-chained, outlives the case, holds ids and no contents": {
        "core/test_audit.py": (
            "test_the_database_refuses_to_change_or_delete_sealed_events",
            "test_a_changed_field_is_named",
            "test_a_removed_event_is_named",
            "test_reordered_events_are_named",
        ),
        "core/test_audit_attacks.py": (
            "test_any_changed_byte_is_named_in_its_block",
            "test_a_cut_tail_is_named_by_the_anchors",
            "test_a_cut_tail_without_the_anchor_file_is_named_too",
            "test_another_database_in_its_place_disagrees_with_every_anchor",
            "test_a_sealer_killed_at_any_moment_leaves_a_sound_chain",
            "test_an_event_is_sealed_within_five_seconds",
        ),
        "retention/test_disposal.py": ("test_the_log_of_acts_outlives_the_case",),
    },
    "I7 A retention date that cannot be decided is a work item; a hold always wins": {
        "retention/test_dates.py": (
            "test_any_facts_give_an_end_or_a_work_item",
            "test_every_entry_gives_an_end_with_its_facts_and_a_work_item_without",
        ),
        "retention/test_disposal.py": ("test_a_hold_wins_whenever_it_is_set",),
    },
    "I8 Every external tool has limits; one hostile file costs one quarantine entry": {
        "eakte/test_supervisor.py": (
            "test_an_own_end_counts_only_alone_and_the_third_is_quarantine",
            "test_an_end_from_outside_never_counts_however_often",
        ),
        "core/test_isolation.py": ("test_a_stopped_child_costs_its_time_limit_and_no_more",),
        "eakte/test_steps.py": ("test_the_end_of_a_step",),
        "ingest/test_opening.py": ("test_children_end_as_values",),
        "ingest/test_corpora.py": (
            "test_every_file_has_a_final_state_and_a_german_reason",
            "test_nothing_crashed_or_hung",
            "test_the_letter_after_them_all_is_as_it_would_be_alone",
        ),
    },
}


def functions_of(path: Path) -> set[str]:
    """All functions and methods that a module defines."""
    return {node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("invariant", INVARIANTS, ids=lambda text: text.split()[0])
def test_each_invariant_is_attacked(invariant: str) -> None:
    gone = [
        f"{file}::{name}"
        for file, names in INVARIANTS[invariant].items()
        for name in names
        if name not in functions_of(ROOT / file)
    ]
    assert gone == [], f"attacks on {invariant!r} disappeared"


def test_no_invariant_is_forgotten() -> None:
    assert [text.split()[0] for text in INVARIANTS] == [f"I{number}" for number in range(1, 9)]

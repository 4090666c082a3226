-- +goose Up

-- What a window was made from lies beside its last day, so that a holiday notice that comes later can make it again by
-- the same rule (filing/duedate.go): the day it runs from and its working days. Null, in rows of the release before:
-- the day of receipt, and the season's number.
ALTER TABLE review ADD COLUMN window_from date; -- of a reopened review; null: the day of receipt
ALTER TABLE review ADD COLUMN window_days integer;
ALTER TABLE obligation ADD COLUMN resubmit_days integer;
ALTER TABLE listing ADD COLUMN statement_days integer;

-- A submission is immutable: the last day of its review, where it is no longer the one that the receipt told.
ALTER TABLE submission_standing ADD COLUMN review_due_on date;
ALTER TABLE submission_standing ADD COLUMN review_due_provisional boolean;
ALTER TABLE submission_standing ADD CONSTRAINT submission_standing_review_due_whole
    CHECK ((review_due_on IS NULL) = (review_due_provisional IS NULL));

-- Reviews that were reopened run from that day.
UPDATE review r SET window_from = (e.at AT TIME ZONE 'Asia/Shanghai')::date
FROM (SELECT subject_id, max(at) AS at FROM event WHERE kind = 'review.reopened' GROUP BY subject_id) AS e
WHERE e.subject_id = r.submission_id AND r.state IN ('pending', 'proposed');
UPDATE submission_standing st SET review_due_on = r.due_on, review_due_provisional = r.due_provisional
FROM review r WHERE r.submission_id = st.submission_id AND r.window_from IS NOT NULL;

-- Open windows that a holiday notice may still move. Few at any time.
CREATE INDEX review_provisional ON review (submission_id) WHERE due_provisional AND state IN ('pending', 'proposed');
CREATE INDEX obligation_resubmit_provisional ON obligation (id) WHERE resubmit_provisional AND status = 'returned';
CREATE INDEX listing_statement_provisional ON listing (id) WHERE statement_due_provisional AND status = 'notified';
CREATE INDEX listing_removal_provisional ON listing_removal (id) WHERE due_provisional AND outcome IS NULL;

-- Counts and views of a queue by whose turn it is, in the queue's order: also where few of many are meant.
CREATE INDEX review_turn ON review (authority_code, state, due_on, received_at, submission_id) WHERE state IN ('pending', 'proposed');
CREATE INDEX review_unclaimed ON review (authority_code, due_on, received_at, submission_id)
    WHERE state = 'pending' AND claimed_by IS NULL;

-- A listing decision whose listing ended has no effect any more. Removals of earlier releases left it in force; the event
-- of the removal tells of it already, so there is none here.
UPDATE document_standing st SET standing = 'superseded', superseded_by = l.end_document_id, updated_at = l.updated_at
FROM listing l
WHERE l.decision_id = st.document_id AND l.status = 'removed' AND l.end_document_id IS NOT NULL AND st.standing = 'in_force';
UPDATE document_standing st SET standing = 'revoked', reason = '列入决定已依法撤销。', updated_at = l.updated_at
FROM listing l
WHERE l.decision_id = st.document_id AND l.status = 'annulled' AND st.standing <> 'revoked';

-- +goose Down
DROP INDEX review_unclaimed, review_turn, listing_removal_provisional, listing_statement_provisional, obligation_resubmit_provisional, review_provisional;
ALTER TABLE submission_standing DROP CONSTRAINT submission_standing_review_due_whole;
ALTER TABLE submission_standing DROP COLUMN review_due_provisional, DROP COLUMN review_due_on;
ALTER TABLE listing DROP COLUMN statement_days;
ALTER TABLE obligation DROP COLUMN resubmit_days;
ALTER TABLE review DROP COLUMN window_days, DROP COLUMN window_from;

package event

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestVerifyFindsTampering(t *testing.T) {
	type fault struct {
		Fault    Fault
		Position int64
	}
	tests := map[string]struct {
		statements []string
		want       []fault
	}{
		"nothing": {nil, nil},
		"payload changed": {[]string{
			`UPDATE event SET data = '{"kind":"report","ordinal":1,"receipt_no":"R99999"}' WHERE ordinal = 5`},
			[]fault{{FaultChanged, 5}}},
		"only the spelling of the payload changed": {[]string{
			`UPDATE event SET data = (data::text || ' ')::json WHERE ordinal = 5`}, []fault{{FaultChanged, 5}}},
		"instant changed by a microsecond": {[]string{
			`UPDATE event SET at = at + interval '1 microsecond' WHERE ordinal = 7`}, []fault{{FaultChanged, 7}}},
		"column emptied": {[]string{`UPDATE event SET report_year = NULL WHERE ordinal = 3`}, []fault{{FaultChanged, 3}}},
		"text moved to the next column": {[]string{
			`UPDATE event SET actor_id = actor_id || actor_name, actor_name = '' WHERE ordinal = 3`},
			[]fault{{FaultChanged, 3}}},
		"hash changed": {[]string{
			`UPDATE event_position SET hash = sha256(hash) WHERE position = 4`},
			[]fault{{FaultChanged, 4}, {FaultChanged, 5}}},
		"made private": {[]string{
			`UPDATE event_position SET public_position = NULL WHERE position = 4`},
			[]fault{{FaultChanged, 4}, {FaultChanged, 5}}},
		"two events swapped": {[]string{
			`UPDATE event_position SET event_id = gen_random_uuid() WHERE position = 4`,
			`UPDATE event_position SET event_id = (SELECT id FROM event WHERE ordinal = 4) WHERE position = 6`,
			`UPDATE event_position SET event_id = (SELECT id FROM event WHERE ordinal = 6) WHERE position = 4`},
			[]fault{{FaultChanged, 4}, {FaultChanged, 6}}},
		"event removed": {[]string{`DELETE FROM event WHERE ordinal = 6`}, []fault{{FaultRemoved, 6}}},
		"event and position removed": {[]string{
			`DELETE FROM event_position WHERE position IN (6, 7)`, `DELETE FROM event WHERE ordinal IN (6, 7)`},
			[]fault{{FaultRemoved, 6}}},
		"position removed": {[]string{`DELETE FROM event_position WHERE position = 6`},
			[]fault{{FaultRemoved, 6}, {FaultInserted, 0}}},
		"tail cut": {[]string{
			`DELETE FROM event_position WHERE position >= 9`, `DELETE FROM event WHERE ordinal >= 9`},
			[]fault{{FaultTail, 9}}},
		"all cut": {[]string{`DELETE FROM event_position`, `DELETE FROM event`}, []fault{{FaultTail, 1}}},
		"old event inserted": {[]string{`
			INSERT INTO event (id, xid, kind, public, at, actor_kind, actor_id, actor_name, data)
			VALUES (gen_random_uuid(), 3, 'review.claimed', false, now(), 'person', 'x', 'x', '{}')`},
			[]fault{{FaultInserted, 0}}},
		"event with a position inserted at the end": {[]string{`
			WITH e AS (INSERT INTO event (id, kind, public, at, actor_kind, actor_id, actor_name, data)
				VALUES (gen_random_uuid(), 'review.claimed', false, now(), 'person', 'x', 'x', '{}') RETURNING id)
			INSERT INTO event_position SELECT 11, id, NULL, sha256('x') FROM e`},
			[]fault{{FaultInserted, 11}}},
		"event inserted in the middle": {[]string{
			`UPDATE event_position SET position = position + 100, public_position = public_position + 100 WHERE position >= 5`,
			`UPDATE event_position SET position = position - 99, public_position = public_position - 99 WHERE position > 100`,
			`WITH e AS (INSERT INTO event (id, kind, public, at, actor_kind, actor_id, actor_name, data)
				VALUES (gen_random_uuid(), 'submission.received', true, now(), 'person', 'x', 'x', '{}') RETURNING id)
			INSERT INTO event_position SELECT 5, id, 5, sha256('x') FROM e`,
			`UPDATE event_head SET position = 11, public_position = 11`},
			[]fault{{FaultChanged, 5}, {FaultChanged, 6}, {FaultChanged, 7}, {FaultChanged, 8}, {FaultChanged, 9},
				{FaultChanged, 10}, {FaultChanged, 11}}},
		"head's hash changed":            {[]string{`UPDATE event_head SET hash = sha256(hash)`}, []fault{{FaultHead, 10}}},
		"head's public position changed": {[]string{`UPDATE event_head SET public_position = 7`}, []fault{{FaultHead, 10}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := newDB(t)
			for n := range 10 {
				commit(t, db, received(n+1))
			}
			passFloor(t, db)
			tamper(t, db, tt.statements...)
			r := mustVerify(t, db)
			var got []fault
			for _, p := range r.Problems {
				got = append(got, fault{p.Fault, p.Position})
				if p.String() == "" || p.Detail == "" {
					t.Errorf("%+v says nothing", p)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if r.OK() != (len(tt.want) == 0) {
				t.Errorf("OK = %v", r.OK())
			}
		})
	}
}

func TestVerifyEmptyLog(t *testing.T) {
	if r := mustVerify(t, newDB(t)); !r.OK() || r.Events != 0 {
		t.Errorf("%+v", r)
	}
}

// TestCanonicalFormIsUnambiguous shifts text between neighbouring columns; each must hash differently.
func TestCanonicalFormIsUnambiguous(t *testing.T) {
	base := Stored{ActorID: "ab", ActorName: "cd"}
	year, zero := int64(0), make([]byte, 32)
	variants := []Stored{base, {ActorID: "abc", ActorName: "d"}, {ActorID: "", ActorName: "abcd"},
		{ActorID: "ab", AuthorityCode: "cd"}, {ActorID: "ab", ActorName: "cd", ReportYear: &year},
		{ActorID: "ab", ActorName: "cd", Position: 1}, {ActorID: "ab", ActorName: "cd", Public: true}}
	seen := map[string]int{}
	for i, v := range variants {
		hash, _ := chain(zero, v, nil)
		if j, ok := seen[string(hash)]; ok {
			t.Errorf("variants %d and %d have the same hash", i, j)
		}
		seen[string(hash)] = i
	}
}

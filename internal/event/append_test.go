package event

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
	"nianbao/internal/workday"
)

func TestAppendKeepsEveryColumn(t *testing.T) {
	now := time.Date(2019, 4, 1, 0, 10, 0, 123456000, workday.Shanghai)
	db, _ := pgtest.NewAt(t, now)
	org, obligation, subject := uuid.New(), uuid.New(), uuid.New()
	due := workday.NewDate(2019, 4, 15)
	commit(t, db, Event{
		Kind: SubmissionReceivedKind, Actor: Actor{ActorToken, "t1", "报送软件"}, AuthorityCode: "440100",
		OrganisationID: Ref(org), ObligationID: Ref(obligation), SubjectID: Ref(subject), ReportYear: 2018, Basis: "第十一条",
		Data: SubmissionReceived{Kind: "report", Ordinal: 2, ReceiptNo: `R"1,{}`, ReviewDueOn: due},
	})
	if n := sequenceAll(t, db); n != 1 {
		t.Fatalf("sequenced %d, want 1", n)
	}
	e := stored(t, db)[0]
	if e.Position != 1 || e.PublicPosition == nil || *e.PublicPosition != 1 {
		t.Errorf("positions %d, %v", e.Position, e.PublicPosition)
	}
	if !e.At.Equal(now) {
		t.Errorf("at %v, want %v", e.At, now)
	}
	got := []any{e.Kind, e.Public, e.Actor(), e.AuthorityCode, e.OrganisationID.UUID, e.ObligationID.UUID, e.SubjectID.UUID, e.Year(), e.Basis}
	want := []any{SubmissionReceivedKind, true, Actor{ActorToken, "t1", "报送软件"}, "440100", org, obligation, subject, 2018, "第十一条"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	data, err := Read[SubmissionReceived](e)
	if err != nil || data.ReceiptNo != `R"1,{}` || data.ReviewDueOn != due || data.Ordinal != 2 {
		t.Errorf("payload %+v, %v", data, err)
	}
	if _, err := Read[ReviewDecided](e); err == nil {
		t.Error("another kind's payload was read")
	}
	if e.ID.Version() != 7 || e.ID.Variant() != uuid.RFC4122 {
		t.Errorf("id %v is no UUIDv7", e.ID)
	}
	if sec, nsec := e.ID.Time().UnixTime(); time.Unix(sec, nsec).UnixMilli() != now.UnixMilli() {
		t.Errorf("id carries %v, want %v", time.Unix(sec, nsec), now)
	}
}

func TestAppendRefuses(t *testing.T) {
	actor := System("test")
	tests := map[string]struct {
		event Event
		want  string
	}{
		"unknown kind":    {Event{Kind: "tea.served", Actor: actor}, "not in the catalogue"},
		"other payload":   {Event{Kind: SubmissionReceivedKind, Actor: actor, Data: ReviewDecided{}}, "payload is event.ReviewDecided"},
		"payload missing": {Event{Kind: SubmissionReceivedKind, Actor: actor}, "payload is <nil>"},
		"pointer payload": {Event{Kind: SubmissionReceivedKind, Actor: actor, Data: &SubmissionReceived{}}, "payload is *event"},
		"payload of none": {Event{Kind: ReviewClaimedKind, Actor: actor, Data: SubmissionReceived{}}, "catalogue wants <nil>"},
		"no actor":        {Event{Kind: ReviewClaimedKind}, "actor kind"},
	}
	db := newDB(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
				return Append(tx.Context(), tx, claimed(), tt.event)
			})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
	if n := sequenceAll(t, db); n != 0 {
		t.Errorf("%d events of refused calls are in the log", n)
	}
}

func TestPrivatePayloadStaysInside(t *testing.T) {
	db := newDB(t)
	actor := System("test")
	for _, outcome := range []string{"return", "pass"} {
		commit(t, db, Event{Kind: ReviewDecidedKind, Actor: actor, Data: ReviewDecided{Outcome: outcome}})
	}
	for _, kind := range []string{"prior_notice", "conclusion"} {
		commit(t, db, Event{Kind: DocumentIssuedKind, Actor: actor, Data: DocumentIssued{Kind: kind}})
	}
	sequenceAll(t, db)
	var got []bool
	for _, e := range stored(t, db) {
		got = append(got, e.PublicPosition != nil)
	}
	if diff := cmp.Diff([]bool{false, true, false, true}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAppendFrom(t *testing.T) {
	now := time.Date(2019, 4, 1, 0, 10, 0, 0, workday.Shanghai)
	db, _ := pgtest.NewAt(t, now)
	const rows = 12_000
	var n int64
	err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) (err error) {
		n, err = AppendFrom(tx.Context(), tx, Bulk{
			Kind: SpotCheckEnteredKind, Actor: Clock("sweep-late"),
			With: `late AS (SELECT gen_random_uuid() AS id, n FROM generate_series(1, $1::int) n)`,
			From: `(SELECT '440100' AS authority_code, id AS organisation_id, NULL::uuid AS obligation_id,
				id AS subject_id, 2018 AS report_year, $2::text AS basis,
				json_build_object('entered_on', $3::date) AS data FROM late) q`,
			Args: []any{rows, "第十条", workday.NewDate(2019, 4, 1)},
		})
		return err
	})
	if err != nil || n != rows {
		t.Fatalf("appended %d, %v", n, err)
	}
	if n := sequenceAll(t, db); n != rows {
		t.Fatalf("sequenced %d", n)
	}
	all := stored(t, db)
	ids := make(map[uuid.UUID]bool, rows)
	for _, e := range all {
		ids[e.ID] = true
	}
	if len(ids) != rows {
		t.Errorf("%d distinct ids", len(ids))
	}
	last := all[rows-1]
	if last.ID.Version() != 7 || last.ID.Variant() != uuid.RFC4122 {
		t.Errorf("id %v is no UUIDv7", last.ID)
	}
	if sec, nsec := last.ID.Time().UnixTime(); !time.Unix(sec, nsec).Equal(now) {
		t.Errorf("id carries %v", time.Unix(sec, nsec))
	}
	data, err := Read[SpotCheckEntered](last)
	if err != nil || data.EnteredOn != workday.NewDate(2019, 4, 1) || last.Basis != "第十条" || !last.Public ||
		last.Actor() != Clock("sweep-late") {
		t.Errorf("event %+v, payload %+v, %v", last, data, err)
	}
	if r := mustVerify(t, db); !r.OK() || r.Events != rows {
		t.Errorf("verify: %+v", r)
	}
}

func TestAppendFromRefusesPayloadsThatDecide(t *testing.T) {
	for _, kind := range []Kind{ReviewDecidedKind, DocumentIssuedKind, "tea.served"} {
		if _, _, err := (Bulk{Kind: kind, From: "x"}).Insert(time.Unix(0, 0)); err == nil {
			t.Errorf("%s was taken", kind)
		}
	}
}

func TestEventsAreImmutable(t *testing.T) {
	db := newDB(t)
	commit(t, db, received(1))
	sequenceAll(t, db)
	for _, statement := range []string{
		`UPDATE event SET basis = 'x'`, `DELETE FROM event`,
		`UPDATE event_position SET hash = hash`, `DELETE FROM event_position`,
	} {
		if _, err := db.ExecContext(t.Context(), statement); err == nil {
			t.Errorf("%s was allowed", statement)
		}
	}
}

// TestCatalogue holds the catalogue to its own rules: public fields exist, and none could carry what must stay inside.
func TestCatalogue(t *testing.T) {
	for kind, meta := range Catalogue {
		if meta.Title == "" {
			t.Errorf("%s has no title", kind)
		}
		if !meta.Public && len(meta.PublicData) > 0 {
			t.Errorf("%s is not public but names public data", kind)
		}
		fields := map[string]bool{}
		if meta.Data != nil {
			typ := reflect.TypeOf(meta.Data)
			for i := range typ.NumField() {
				name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
				if name == "" {
					t.Errorf("%s: %s.%s has no JSON name", kind, typ.Name(), typ.Field(i).Name)
				}
				fields[name] = true
			}
		}
		for _, name := range meta.PublicData {
			if !fields[name] {
				t.Errorf("%s: public field %q is not in %T", kind, name, meta.Data)
			}
			for _, inside := range []string{"reason", "opinion", "remark", "contact", "verify_code", "claimed"} {
				if strings.Contains(name, inside) {
					t.Errorf("%s: field %q must not be public", kind, name)
				}
			}
		}
		if b, err := json.Marshal(meta.Data); err != nil {
			t.Errorf("%s: %s %v", kind, b, err)
		}
	}
}

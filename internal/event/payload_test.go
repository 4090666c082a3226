package event

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/workday"
)

// filled is a payload of the type with something in every field, so that nothing can hide by being empty.
func filled(t *testing.T, typ reflect.Type) reflect.Value {
	t.Helper()
	v := reflect.New(typ).Elem()
	for i := range typ.NumField() {
		field := v.Field(i)
		switch field.Interface().(type) {
		case workday.Date:
			field.Set(reflect.ValueOf(workday.NewDate(2019, 4, 1)))
			continue
		case time.Time:
			field.Set(reflect.ValueOf(time.Date(2019, 4, 1, 9, 0, 0, 0, time.UTC)))
			continue
		case uuid.UUID:
			field.Set(reflect.ValueOf(uuid.New()))
			continue
		case uuid.NullUUID:
			field.Set(reflect.ValueOf(Ref(uuid.New())))
			continue
		}
		switch field.Kind() {
		case reflect.String:
			field.SetString("内部：" + typ.Field(i).Name)
		case reflect.Int, reflect.Int64:
			field.SetInt(7)
		case reflect.Bool:
			field.SetBool(true)
		case reflect.Slice:
			field.Set(reflect.ValueOf([]string{"内部：" + typ.Field(i).Name}))
		default:
			t.Fatalf("%s.%s: how to fill a %s?", typ, typ.Field(i).Name, field.Type())
		}
	}
	return v
}

// TestPayloadsReadBack: what a producer wrote is what a consumer reads, for every kind.
func TestPayloadsReadBack(t *testing.T) {
	for kind, meta := range Catalogue {
		if meta.Data == nil {
			if _, data, err := encode(Event{Kind: kind, Actor: System("x")}); err != nil || string(data) != "{}" {
				t.Errorf("%s: %s, %v", kind, data, err)
			}
			continue
		}
		want := filled(t, reflect.TypeOf(meta.Data))
		_, data, err := encode(Event{Kind: kind, Actor: System("x"), Data: want.Interface()})
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		got := reflect.New(want.Type())
		if err := json.Unmarshal(data, got.Interface()); err != nil || !reflect.DeepEqual(got.Elem().Interface(), want.Interface()) {
			t.Errorf("%s: wrote %+v, read %+v, %v", kind, want, got.Elem(), err)
		}
		var keys map[string]any
		if err := json.Unmarshal(data, &keys); err != nil || len(keys) != want.NumField() {
			t.Errorf("%s: %d keys for %d fields, %v", kind, len(keys), want.NumField(), err)
		}
	}
}

// TestNothingLeavesThatTheCatalogueDoesNotName fills every payload and looks at what the public would get.
func TestNothingLeavesThatTheCatalogueDoesNotName(t *testing.T) {
	for kind, meta := range Catalogue {
		if !meta.Public || meta.Data == nil {
			continue
		}
		data, err := json.Marshal(filled(t, reflect.TypeOf(meta.Data)).Interface())
		if err != nil {
			t.Fatal(err)
		}
		shown, err := publicRow{Kind: kind, Data: data}.public()
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		if len(shown.Data) != len(meta.PublicData) || shown.Title != meta.Title {
			t.Errorf("%s: %d of %d fields, title %q", kind, len(shown.Data), len(meta.PublicData), shown.Title)
		}
		for name := range shown.Data {
			if !slices.Contains(meta.PublicData, name) {
				t.Errorf("%s shows %s", kind, name)
			}
		}
		text, err := json.Marshal(shown)
		if err != nil || strings.Contains(string(text), "actor") {
			t.Errorf("%s: %s, %v", kind, text, err)
		}
	}
}

func TestPublicRowsThatCannotBeRead(t *testing.T) {
	if _, err := (publicRow{Kind: SeasonOpenedKind, Data: []byte("{")}).public(); err == nil {
		t.Error("a broken payload went out")
	}
	e, err := publicRow{Kind: "tea.served", Data: []byte(`{"secret": 1}`), At: time.Unix(0, 0)}.public()
	if err != nil || len(e.Data) != 0 || e.Title != "" || e.Organisation != nil {
		t.Errorf("a kind that is no longer known: %+v, %v", e, err)
	}
	if e.At.Location() != workday.Shanghai {
		t.Errorf("at %s", e.At)
	}
}

// TestOnlyPublicDocumentsAreTold: a notice or a return is between the authority and the organisation.
func TestOnlyPublicDocumentsAreTold(t *testing.T) {
	for _, kind := range publicDocuments {
		if public, _, err := encode(Event{Kind: DocumentIssuedKind, Actor: System("x"), Data: DocumentIssued{Kind: kind}}); err != nil || !public {
			t.Errorf("%s: public %v, %v", kind, public, err)
		}
	}
	for _, kind := range []string{"", "return", "prior_notice", "receipt", "penalty", "listing-withdrawal", "return_notice"} {
		if public, _, err := encode(Event{Kind: DocumentIssuedKind, Actor: System("x"), Data: DocumentIssued{Kind: kind}}); err != nil || public {
			t.Errorf("%q: public %v, %v", kind, public, err)
		}
	}
	for outcome, want := range map[string]bool{"pass": true, "unqualified": true, "qualified": true, "return": false} {
		if public, _, err := encode(Event{Kind: ReviewDecidedKind, Actor: System("x"), Data: ReviewDecided{Outcome: outcome}}); err != nil || public != want {
			t.Errorf("review %s: public %v, %v", outcome, public, err)
		}
	}
}

func TestReadWantsTheKindsPayload(t *testing.T) {
	s := Stored{Position: 3, Kind: ReviewProposedKind, Data: []byte(`{"outcome": "pass", "later": true}`)}
	if got, err := Read[ReviewProposed](s); err != nil || got.Outcome != "pass" {
		t.Errorf("%+v, %v", got, err)
	}
	for _, tt := range []struct {
		s    Stored
		want string
	}{
		{Stored{Position: 3, Kind: ReviewClaimedKind, Data: []byte("{}")}, "read event 3: the payload of review.claimed is no event.ReviewProposed"},
		{Stored{Position: 4, Kind: "tea.served", Data: []byte("{}")}, "read event 4: the payload of tea.served"},
		{Stored{Position: 5, Kind: ReviewProposedKind, Data: []byte(`{"outcome": 1}`)}, "read event 5 (review.proposed)"},
	} {
		if _, err := Read[ReviewProposed](tt.s); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("error %v, want %q", err, tt.want)
		}
	}
}

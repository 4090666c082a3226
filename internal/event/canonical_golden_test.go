package event

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
)

// sampleStored has something in every column.
func sampleStored() Stored {
	public, year := int64(7), int64(2018)
	return Stored{
		Position: 12, PublicPosition: &public, ID: uuid.MustParse("0190A2F4-0000-7000-8000-0000000000AB"), Ordinal: 31, XID: 901,
		Kind: SubmissionReceivedKind, Public: true, At: time.Date(2019, 4, 1, 0, 10, 0, 123456000, time.FixedZone("CST", 8*3600)),
		ActorKind: ActorPerson, ActorID: "p1", ActorName: "王芳", AuthorityCode: "440100",
		OrganisationID: Ref(uuid.MustParse("0190a2f4-0000-7000-8000-000000000001")), ReportYear: &year, Basis: "第十一条",
		Data: []byte(`{"kind": "report"}`),
	}
}

// byHand hashes an event by the words of the documentation, with nothing of the code under test.
func byHand(previous []byte, columns []any) []byte {
	b := append([]byte(nil), previous...)
	b = append(b, "nianbao-event-1\n"...)
	for _, column := range columns {
		text, there := column.(string)
		if !there {
			b = append(b, 0)
			continue
		}
		b = append(b, 1)
		b = binary.BigEndian.AppendUint32(b, uint32(len(text)))
		b = append(b, text...)
	}
	sum := sha256.Sum256(b)
	return sum[:]
}

// TestCanonicalFormIsAsDocumented: whoever audits the log with another program must come to the same hashes for ever.
func TestCanonicalFormIsAsDocumented(t *testing.T) {
	previous := sha256.Sum256([]byte("the event before"))
	want := byHand(previous[:], []any{
		"12", "7", "0190a2f4-0000-7000-8000-0000000000ab", "31", "901", "submission.received", "t", "1554048600123456",
		"person", "p1", "王芳", "440100", "0190a2f4-0000-7000-8000-000000000001", nil, nil, "2018", "第十一条", `{"kind": "report"}`,
	})
	got, _ := chain(previous[:], sampleStored(), nil)
	if hex.EncodeToString(got) != hex.EncodeToString(want) {
		t.Errorf("hash %x, want %x", got, want)
	}
	empty, _ := chain(make([]byte, 32), Stored{At: time.UnixMicro(0)}, nil)
	if want := byHand(make([]byte, 32), []any{"0", nil, "00000000-0000-0000-0000-000000000000", "0", "0", "", "f", "0",
		"", "", "", "", nil, nil, nil, nil, "", ""}); hex.EncodeToString(empty) != hex.EncodeToString(want) {
		t.Errorf("of an empty event %x, want %x", empty, want)
	}
}

// TestEveryColumnIsHashed changes one field of Stored after the other; a field added later without a place in the
// canonical form fails here.
func TestEveryColumnIsHashed(t *testing.T) {
	previous := make([]byte, 32)
	base, _ := chain(previous, sampleStored(), nil)
	typ := reflect.TypeOf(Stored{})
	for i := range typ.NumField() {
		changed := sampleStored()
		field := reflect.ValueOf(&changed).Elem().Field(i)
		switch v := field.Addr().Interface().(type) {
		case *int64:
			*v++
		case **int64:
			*v = nil
		case *bool:
			*v = !*v
		case *time.Time:
			*v = v.Add(time.Microsecond)
		case *uuid.UUID:
			v[15]++
		case *uuid.NullUUID:
			v.Valid = !v.Valid
		default:
			switch field.Kind() {
			case reflect.String:
				field.SetString(field.String() + "x")
			case reflect.Slice:
				field.SetBytes(append(field.Bytes(), ' '))
			default:
				t.Fatalf("%s: how to change a %s?", typ.Field(i).Name, field.Type())
			}
		}
		if got, _ := chain(previous, changed, nil); string(got) == string(base) {
			t.Errorf("a change of %s does not show", typ.Field(i).Name)
		}
	}
}

// TestHashDoesNotDependOnTheBuffer: the scratch that the chain reuses may hold anything.
func TestHashDoesNotDependOnTheBuffer(t *testing.T) {
	previous, event := make([]byte, 32), sampleStored()
	want, scratch := chain(previous, event, nil)
	for i := range scratch {
		scratch[i] = 0xFF
	}
	again, scratch := chain(previous, event, scratch)
	if string(again) != string(want) {
		t.Error("the same event hashes differently with a used buffer")
	}
	event.ActorName = "short"
	short, _ := chain(previous, event, scratch)
	if fresh, _ := chain(previous, event, nil); string(short) != string(fresh) {
		t.Error("a shorter event takes something from the longer one before it")
	}
	if other, _ := chain(want, event, nil); string(other) == string(short) {
		t.Error("the hash before does not count")
	}
	zone := sampleStored()
	zone.At = zone.At.UTC()
	if same, _ := chain(previous, zone, nil); string(same) != string(want) {
		t.Error("the zone in which an instant is shown changes the hash")
	}
}

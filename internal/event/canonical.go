package event

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"

	"github.com/google/uuid"
)

// canonicalTag begins every canonical form, so that a later encoding can never be taken for this one.
const canonicalTag = "nianbao-event-1\n"

// chain is the hash of the event at its position: SHA-256(previous ‖ canonical form).
//
// The canonical form is canonicalTag followed by every column of the event and of its position, in this order:
// position, public_position, id, ordinal, xid, kind, public, at, actor_kind, actor_id, actor_name, authority_code,
// organisation_id, obligation_id, subject_id, report_year, basis, data. A column is one byte 0 for null, or one byte
// 1, the length of its text in bytes as 4 bytes big-endian, and its text: numbers decimal, at as microseconds since
// 1970-01-01T00:00:00Z, public as t or f, ids in the usual lower-case form, data as stored. Two different events can
// therefore never have the same form.
func chain(previous []byte, s Stored, scratch []byte) (hash, buffer []byte) {
	b := scratch[:0]
	b = append(b, previous...)
	b = append(b, canonicalTag...)
	b = appendInt(b, s.Position)
	b = appendNullableInt(b, s.PublicPosition)
	b = appendText(b, s.ID.String())
	b = appendInt(b, s.Ordinal)
	b = appendInt(b, s.XID)
	b = appendText(b, string(s.Kind))
	b = appendText(b, map[bool]string{true: "t", false: "f"}[s.Public])
	b = appendInt(b, s.At.UnixMicro())
	b = appendText(b, string(s.ActorKind))
	b = appendText(b, s.ActorID)
	b = appendText(b, s.ActorName)
	b = appendText(b, s.AuthorityCode)
	b = appendNullableID(b, s.OrganisationID)
	b = appendNullableID(b, s.ObligationID)
	b = appendNullableID(b, s.SubjectID)
	b = appendNullableInt(b, s.ReportYear)
	b = appendText(b, s.Basis)
	b = appendText(b, string(s.Data))
	sum := sha256.Sum256(b)
	return sum[:], b
}

func appendText(b []byte, text string) []byte {
	b = append(b, 1)
	b = binary.BigEndian.AppendUint32(b, uint32(len(text)))
	return append(b, text...)
}

func appendInt(b []byte, n int64) []byte { return appendText(b, strconv.FormatInt(n, 10)) }

func appendNullableInt(b []byte, n *int64) []byte {
	if n == nil {
		return append(b, 0)
	}
	return appendInt(b, *n)
}

func appendNullableID(b []byte, id uuid.NullUUID) []byte {
	if !id.Valid {
		return append(b, 0)
	}
	return appendText(b, id.UUID.String())
}

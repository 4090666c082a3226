package workbook

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"

	"nianbao/filing/form"
)

// State says what becomes of a field that was read.
type State string

// The states of a difference.
const (
	// Changed: the workbook says something new, and nobody else changed it since the download.
	Changed State = "changed"
	// Kept: only somebody else changed it since the download; the draft stays as it is.
	Kept State = "kept"
	// Conflict: the workbook and somebody else changed it, to different values.
	Conflict State = "conflict"
	// Unreadable: a cell of it could not be read; the draft stays as it is.
	Unreadable State = "unreadable"
)

// Difference is a field for which workbook and draft differ.
type Difference struct {
	Field *form.Field
	Old   any // in the draft; nil: blank
	New   any // in the workbook; nil: blank
	State State
}

// Compare sets what was read against the draft's values: the differences, in the
// order of the form. Where the workbook tells what the draft held at download,
// only what its filler changed counts as changed (a three-way comparison).
func (r *Reading) Compare(f *form.Form, draft form.Values) []Difference {
	read, bad := map[string]bool{}, map[string]bool{}
	for key := range r.Values {
		read[key] = true
	}
	for _, key := range r.Blank {
		read[key] = true
	}
	for _, key := range r.Bad {
		read[key], bad[key] = true, true
	}
	var list []Difference
	for _, field := range f.ValueFields() {
		if !read[field.Key] || field.Computed() {
			continue
		}
		d := Difference{Field: field, Old: normal(field, draft[field.Key]), New: normal(field, r.Values[field.Key])}
		if bad[field.Key] {
			d.State, d.New = Unreadable, nil
			list = append(list, d)
			continue
		}
		if reflect.DeepEqual(d.Old, d.New) {
			continue
		}
		d.State = r.state(f, d)
		list = append(list, d)
	}
	return list
}

func (r *Reading) state(f *form.Form, d Difference) State {
	base, known := r.Base[d.Field.Key]
	switch {
	case !known || base == digest(f, d.Field, d.Old):
		return Changed
	case base == digest(f, d.Field, d.New):
		return Kept
	}
	return Conflict
}

// Merge gives the draft's values with what was read: what changed, and of the
// conflicts those for which take says so. Computed figures are worked out anew.
func Merge(f *form.Form, draft form.Values, list []Difference, take func(key string) bool) form.Values {
	next := make(form.Values, len(draft)+len(list))
	for key, value := range draft {
		next[key] = value
	}
	for _, d := range list {
		if d.State != Changed && (d.State != Conflict || !take(d.Field.Key)) {
			continue
		}
		if d.New == nil {
			delete(next, d.Field.Key)
			continue
		}
		next[d.Field.Key] = d.New
	}
	return f.Calculate(next)
}

// Settled are the keys that Merge would change, for the draft's marks.
func Settled(list []Difference, take func(key string) bool) []string {
	keys := []string{}
	for _, d := range list {
		if d.State == Changed || d.State == Conflict && take(d.Field.Key) {
			keys = append(keys, d.Field.Key)
		}
	}
	return keys
}

// Fingerprint tells one list of differences from another: a page that was shown
// one may be applied only while it is still the same.
func Fingerprint(f *form.Form, list []Difference) string {
	sum := sha256.New()
	for _, d := range list {
		// Hash writes never fail.
		_, _ = fmt.Fprintf(sum, "%s %s %s %s\n", d.Field.Key, d.State, digest(f, d.Field, d.Old), digest(f, d.Field, d.New))
	}
	return hex.EncodeToString(sum.Sum(nil)[:digestLength])
}

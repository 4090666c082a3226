package web

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/filing/form"
	"nianbao/internal/web"
)

// A page's form carries a short digest of every field as it was shown, so that
// a save changes only what the person changed: what somebody else saved
// meanwhile stays, and only where both changed the same field are they asked.

const digestLength = 8 // hex digits a field

// digestOf tells one value of a field from another.
func digestOf(f *form.Form, field *form.Field, value any) string {
	var written []byte
	switch v := value.(type) {
	case nil:
		return strings.Repeat("0", digestLength)
	case int64:
		written = strconv.AppendInt([]byte("n"), v, 10)
	case string:
		written = append([]byte("s"), v...)
	default: // a list or rows, which the form writes
		body, err := f.Encode(form.Values{field.Key: value})
		if err != nil { // no such value can be stored, so it equals none
			return strings.Repeat("f", digestLength)
		}
		written = body
	}
	sum := sha256.Sum256(written)
	return hex.EncodeToString(sum[:digestLength/2])
}

// base is what a page's form carries: the fields as they stand, one digest each.
func (w *workspace) base(fields []*form.Field) string {
	var b strings.Builder
	for _, f := range fields {
		b.WriteString(digestOf(w.form, f, w.values[f.Key]))
	}
	return b.String()
}

// change is what a person did on a page: the fields shown, how they were shown,
// and what came back.
type change struct {
	fields  []*form.Field
	base    string
	input   *input
	lost    []map[string]any // what the page sent before without getting an answer
	section string           // saved by its button
	confirm []string         // keys whose values are right as they stand
	idle    bool             // where nothing changed, nothing is stored
}

// before is the digest of a field as the page was made, "" where it is not known.
func (ch change) before(i int) string {
	if len(ch.base) != digestLength*len(ch.fields) {
		return ""
	}
	return ch.base[i*digestLength : (i+1)*digestLength]
}

// sentBefore tells that a value was sent by this very page in a sending that it
// has no answer for.
func (ch change) sentBefore(key string, value any) bool {
	return slices.ContainsFunc(ch.lost, func(earlier map[string]any) bool {
		was, sent := earlier[key]
		return sent && same(was, value)
	})
}

// Names in the form of a page.
const (
	baseName   = "base"
	pickPrefix = "pick." // of a conflict: mine or theirs, by key
	pickTheirs = "theirs"
)

// readChange reads a page's form about the fields.
func (w *workspace) readChange(sent url.Values, fields []*form.Field) change {
	ch := change{fields: fields, base: sent.Get(baseName), input: w.calculated(readInput(sent, fields), fields),
		lost: w.readLost(sent, fields)}
	for _, f := range fields {
		if sent.Get(pickPrefix+f.Key) == pickTheirs {
			delete(ch.input.set, f.Key)
		}
	}
	return ch
}

// calculated works out the figures in the rows of what was sent, as they would
// be stored.
func (w *workspace) calculated(in *input, fields []*form.Field) *input {
	for _, f := range fields {
		if value, ok := in.set[f.Key]; ok && value != nil && len(f.Columns) > 0 {
			in.set[f.Key] = w.form.Calculate(form.Values{f.Key: value})[f.Key]
		}
	}
	return in
}

// conflict is a field that two people changed at the same time.
type conflict struct {
	field        *form.Field
	mine, theirs any
}

// conflicts takes out of the change what must not be saved: fields that were
// not touched but changed meanwhile, and those that both changed, which it
// returns. kept counts the former.
func (w *workspace) conflicts(ch change) (both []conflict, kept int) {
	for i, f := range ch.fields {
		mine, changed := ch.input.set[f.Key]
		theirs := w.values[f.Key]
		if !changed || same(mine, theirs) {
			continue
		}
		before := ch.before(i)
		switch {
		case before == digestOf(w.form, f, theirs) || ch.sentBefore(f.Key, theirs): // nobody else changed it
		case before == digestOf(w.form, f, mine): // only somebody else did
			delete(ch.input.set, f.Key)
			kept++
		default:
			delete(ch.input.set, f.Key)
			both = append(both, conflict{f, mine, theirs})
		}
	}
	return both, kept
}

func same(a, b any) bool { return reflect.DeepEqual(a, b) }

// settles are the keys that a person meant by a change: those whose value is
// another one than the page was given, and what is confirmed.
func (w *workspace) settles(ch change) []string {
	keys := append([]string{}, ch.confirm...) // never nil, which would mean all that the draft holds
	for key, value := range ch.input.set {
		if !same(value, w.values[key]) && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return slices.DeleteFunc(keys, func(key string) bool { return w.settled[key] })
}

// merged is the draft with the change in it.
func (w *workspace) merged(ch change) ([]byte, error) {
	next := maps.Clone(w.values)
	for key, value := range ch.input.set {
		if value == nil {
			delete(next, key)
			continue
		}
		next[key] = value
	}
	return w.form.Encode(w.form.Calculate(next))
}

// nothingNew tells that the draft holds all of a change already.
func (w *workspace) nothingNew(ch change, settled []string) bool {
	for key, value := range ch.input.set {
		if !same(value, w.values[key]) {
			return false
		}
	}
	return len(settled) == 0 && (ch.section == "" || slices.Contains(w.draft.SavedSections, ch.section))
}

// saveAttempts is how often a save starts over because the draft was saved by
// somebody else between reading and writing.
const saveAttempts = 5

// save stores the change in the draft, leaving alone what others saved
// meanwhile. It returns the fields that both changed, which are not stored, and
// leaves the workspace as the draft now stands.
func (p *Pages) save(c echo.Context, w *workspace, ch change) (both []conflict, kept int, err error) {
	actor := web.Principal(c).Actor()
	for attempt := 1; ; attempt++ {
		found, k := w.conflicts(ch)
		both, kept = append(both, found...), kept+k
		settled := w.settles(ch)
		if ch.idle && w.nothingNew(ch, settled) {
			return both, kept, nil
		}
		body, err := w.merged(ch)
		if err != nil {
			return nil, 0, err
		}
		_, err = p.filing.SaveDraft(requestContext(c), filing.SaveDraft{OrganisationID: w.org.ID,
			Year: w.obligation.ReportYear, Body: body, IfMatch: &w.draft.Version, Actor: actor,
			Settled: settled, Section: ch.section})
		if err != nil && (!errors.Is(err, filing.ErrStale) || attempt == saveAttempts) {
			return nil, 0, err
		}
		if again := p.readDraft(c, w); again != nil {
			return nil, 0, again
		}
		if err == nil {
			return both, kept, nil
		}
	}
}

package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"nianbao/filing/form"
	"nianbao/internal/web"
)

// The page's script saves what is typed by the same address and the same form
// as the buttons do, with save=auto. The answer is a fragment for the script:
// what now stands, what could not be read, what somebody else changed.

// Further names of a section's form.
const (
	saveAuto    = "auto"    // a value of saveButton
	saveConfirm = "confirm" // a value of saveButton: what is marked is right
	ofName      = "of"      // the obligation that the page was made for
	lostName    = "lost"    // an earlier sending that was never answered, urlencoded
)

// maxLost is how many sendings without an answer count.
const maxLost = 4

// Autosaved is the answer to the script.
type Autosaved struct {
	Base    string
	Saved   Saved
	Kept    int // fields that somebody else changed meanwhile
	Refused []web.SummaryItem
	Both    []ConflictItem
	Figures []Figure
	Tasks   TaskList
	Marks   int // what is still to be confirmed
}

// Figure is a computed figure as the server worked it out.
type Figure struct{ Path, Value string }

// errOther is what a page of one organisation is told that is sent when another
// is signed in.
var errOther = web.NewError(http.StatusConflict, "other_organisation",
	"页面是为另一个单位打开的，内容没有存下。请用原来的账号登录后再保存。")

// ours refuses a form whose page was made for another obligation: the browser's
// sign-in may have changed since.
func (w *workspace) ours(sent url.Values) error {
	if of := sent.Get(ofName); of != "" && of != w.obligation.ID.String() {
		return errOther
	}
	return nil
}

func (p *Pages) autosave(c echo.Context, w *workspace, s *form.Section, sent url.Values) error {
	fields := valueFields(s)
	ch := w.readChange(sent, fields)
	ch.idle = true
	both, kept, err := p.save(c, w, ch)
	if err != nil {
		return err
	}
	answer := Autosaved{Base: w.nextBase(ch), Saved: p.savedOf(w), Kept: kept, Tasks: p.taskList(w, s.Code), Marks: len(w.marks(s)),
		Both: conflictItems(both, sent), Figures: w.figures(fields)}
	for _, r := range ch.input.refused {
		answer.Refused = append(answer.Refused, web.SummaryItem{Href: fieldID(r.Path), Text: r.Message})
	}
	return p.app.RenderBlock(c, http.StatusOK, "filer/section", "autosaved", answer)
}

// nextBase is what the page carries from now on: the digests of what was stored
// as it was sent, and the old ones of all that the page shows otherwise.
func (w *workspace) nextBase(ch change) string {
	var b strings.Builder
	for i, f := range ch.fields {
		if value, ok := ch.input.set[f.Key]; ok {
			b.WriteString(digestOf(w.form, f, value))
			continue
		}
		if before := ch.before(i); before != "" {
			b.WriteString(before)
			continue
		}
		b.WriteString(strings.Repeat("x", digestLength)) // no digest at all
	}
	return b.String()
}

// figures are the computed figures of the fields. Those of a table's rows are
// left to the script, whose rows need not be numbered as the stored ones are.
func (w *workspace) figures(fields []*form.Field) []Figure {
	var list []Figure
	for _, f := range fields {
		if f.Computed() {
			list = append(list, Figure{Path: f.Key, Value: typed(f, w.values[f.Key])})
		}
	}
	return list
}

// readLost reads the earlier sendings that the page has no answer for. What the
// draft holds of them was written by this page, though it does not know.
func (w *workspace) readLost(sent url.Values, fields []*form.Field) []map[string]any {
	var list []map[string]any
	for i, raw := range sent[lostName] {
		values, err := url.ParseQuery(raw)
		if err != nil || i == maxLost { // a page that sends nonsense is asked about conflicts, which harms nobody
			break
		}
		list = append(list, w.calculated(readInput(values, fields), fields).set)
	}
	return list
}

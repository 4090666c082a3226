package document

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"text/template"
	"time"

	"nianbao/internal/workday"
	"nianbao/templates/documents"
)

// wording is the text of one kind of document: its blocks in order.
type wording []wordingLine

// wordingLine is one block before the facts are filled in. The line's
// structure is fixed when the file is read, so no fact can make a block.
type wordingLine struct {
	directive string
	parts     []*template.Template // the text, split at " | "
}

// partsOf says how many parts the text of each directive has.
var partsOf = map[string]int{
	"title": 1, "to": 1, "p": 1, "h": 1, "note": 1, "sheet": 1,
	"row": 2, "emphasis": 2, "stamp": 3, "signing": 3, "sign": 0, "remarks": 0,
}

// wordingData is what a wording line can name.
type wordingData struct {
	Number string
	Work   string // 年度报告 or 年度检查
	P      Party
	F      Facts
}

// outcomes are the words of a conclusion that something is issued for.
var outcomes = map[string]string{"pass": "合格", "qualified": "合格", "basically_qualified": "基本合格"}

var wordingFuncs = template.FuncMap{
	"day":     workday.Date.Chinese,
	"weekday": func(d workday.Date) string { return d.Chinese() + "（" + d.ChineseWeekday() + "）" },
	"minute": func(t time.Time) string {
		t = t.In(workday.Shanghai)
		return fmt.Sprintf("%s%d时%02d分", workday.DateOf(t).Chinese(), t.Hour(), t.Minute())
	},
	"outcome": func(word string) string { return outcomes[word] },
}

// loadWordings reads the built-in wording once.
var loadWordings = sync.OnceValues(func() (map[Kind]wording, error) {
	return readWordings(documents.FS)
})

// readWordings reads one file KIND.txt per kind, and shared.txt.
func readWordings(files fs.FS) (map[Kind]wording, error) { return readWordingFiles(files, Kinds()) }

func readWordingFiles(files fs.FS, of []Kind) (map[Kind]wording, error) {
	shared, err := fs.ReadFile(files, "shared.txt")
	if err != nil {
		return nil, fmt.Errorf("read wording: %w", err)
	}
	base, err := template.New("shared").Option("missingkey=error").Funcs(wordingFuncs).Parse(string(shared))
	if err != nil {
		return nil, fmt.Errorf("read wording: %w", err)
	}
	all := make(map[Kind]wording, len(of))
	for _, kind := range of {
		name := string(kind) + ".txt"
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read wording: %w", err)
		}
		if all[kind], err = parseWording(base, string(text)); err != nil {
			return nil, fmt.Errorf("wording %s: %w", name, err)
		}
	}
	return all, nil
}

func parseWording(base *template.Template, text string) (wording, error) {
	var out wording
	for n, raw := range strings.Split(text, "\n") {
		if strings.TrimSpace(raw) == "" || strings.HasPrefix(raw, "#") {
			continue
		}
		directive, rest, _ := strings.Cut(raw, " ")
		count, ok := partsOf[directive]
		if !ok {
			return nil, fmt.Errorf("line %d: unknown directive %q", n+1, directive)
		}
		line := wordingLine{directive: directive}
		var texts []string
		if count > 0 {
			texts = strings.Split(rest, " | ")
		}
		if len(texts) != count {
			return nil, fmt.Errorf("line %d: %s takes %d parts, not %d", n+1, directive, count, len(texts))
		}
		for _, part := range texts {
			clone, err := base.Clone()
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n+1, err)
			}
			t, err := clone.New("line").Parse(part)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n+1, err)
			}
			line.parts = append(line.parts, t)
		}
		out = append(out, line)
	}
	return out, nil
}

// fill executes the line's parts over data and trims what comes out.
func (l wordingLine) fill(data wordingData) ([]string, error) {
	out := make([]string, len(l.parts))
	for i, t := range l.parts {
		var buf bytes.Buffer
		if err := t.Execute(&buf, data); err != nil {
			return nil, fmt.Errorf("%s: %w", l.directive, err)
		}
		out[i] = strings.TrimSpace(buf.String())
	}
	return out, nil
}

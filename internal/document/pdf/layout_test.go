package pdf

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nianbao/internal/document"
)

func wrapped(t *testing.T, text string, ems float64) []string {
	t.Helper()
	chars, err := newSetter(testFaces(t)).set(text, bodyStyle)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, l := range wrap(chars, bodyStyle, ems*bodyStyle.em(), 0) {
		var b strings.Builder
		for _, c := range l.chars {
			b.WriteRune(c.r)
		}
		out = append(out, b.String())
	}
	return out
}

func TestLinesBreakWhereTheyMay(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		ems  float64
		want []string
	}{
		"fits exactly":           {"甲乙丙丁", 4, []string{"甲乙丙丁"}},
		"plain":                  {"甲乙丙丁戊己", 4, []string{"甲乙丙丁", "戊己"}},
		"comma not first":        {"甲乙丙丁，戊", 4, []string{"甲乙丙", "丁，戊"}},
		"bracket not last":       {"甲乙丙（丁戊", 4, []string{"甲乙丙", "（丁戊"}},
		"both":                   {"甲乙（丙）丁", 4, []string{"甲乙", "（丙）丁"}},
		"number stays whole":     {"甲乙丙12345", 4, []string{"甲乙丙", "12345"}},
		"number keeps its unit":  {"甲乙于2018年度", 4.6, []string{"甲乙于", "2018年度"}},
		"amount stays whole":     {"金额1,234.50元", 4, []string{"金额", "1,234.50", "元"}},
		"too long to stay whole": {"aaaaaaaaaaaaaaaaaaaa", 4, []string{"aaaaaaa", "aaaaaaa", "aaaaaa"}},
		"nothing but commas":     {"，，，，，，", 4, []string{"，，，，", "，，"}},
		"empty":                  {"", 4, nil},
		"narrower than one":      {"甲乙", 0.5, []string{"甲", "乙"}},
	} {
		if diff := cmp.Diff(tc.want, wrapped(t, tc.text, tc.ems)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// No text loses or gains a character by wrapping, no line is too wide, and
// no line begins or ends with what must not stand there, if it can be helped.
func TestWrappingKeepsEveryCharacter(t *testing.T) {
	alphabet := []rune("年度报告审查结论民政局（）“”，。、；：《》〔〕—…0123456789,.%abc 元")
	random := rand.New(rand.NewPCG(7, 7))
	s := newSetter(testFaces(t))
	for range 300 {
		text := make([]rune, random.IntN(400))
		for i := range text {
			text[i] = alphabet[random.IntN(len(alphabet))]
		}
		chars, err := s.set(string(text), bodyStyle)
		if err != nil {
			t.Fatal(err)
		}
		limit := (4 + 30*random.Float64()) * bodyStyle.em()
		var got []rune
		for _, l := range wrap(chars, bodyStyle, limit, 0) {
			for _, c := range l.chars {
				got = append(got, c.r)
			}
			if l.width > limit+1e-3 || l.width+l.stretch*float64(len(l.chars)-1) > limit+bodyStyle.em() {
				t.Fatalf("a line of %.2f mm in %.2f", l.width, limit)
			}
		}
		if string(got) != string(text) {
			t.Fatalf("wrapping changed the text:\n%q\n%q", string(text), string(got))
		}
	}
}

func TestPagination(t *testing.T) {
	full := bodyBottom - bodyTop
	for name, tc := range map[string]struct {
		items []item
		want  []int // sheet of each
	}{
		"one sheet":                 {[]item{{height: 10}, {height: 10}}, []int{0, 0}},
		"overflow":                  {[]item{{height: full}, {height: 10}}, []int{0, 1}},
		"gap counts":                {[]item{{height: full - 10}, {gap: 1, height: 10}}, []int{0, 1}},
		"gap dropped at the top":    {[]item{{height: full}, {gap: 50, height: full}}, []int{0, 1}},
		"kept together":             {[]item{{height: full - 15}, {height: 10, keep: true}, {height: 10}}, []int{0, 1, 1}},
		"asked for a new sheet":     {[]item{{height: 10}, {height: 10, start: true}}, []int{0, 1}},
		"chain longer than a sheet": {[]item{{height: full - 5, keep: true}, {height: 10, keep: true}, {height: 10}}, []int{0, 1, 1}},
	} {
		places, err := paginate(tc.items)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got []int
		for _, p := range places {
			got = append(got, p.sheet)
			if p.y < bodyTop || p.y+p.height > bodyBottom+1e-9 {
				t.Errorf("%s: an item lies from %.1f to %.1f", name, p.y, p.y+p.height)
			}
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if _, err := paginate([]item{{height: full + 1}}); !errors.Is(err, errTooTall) {
		t.Errorf("an item taller than a sheet: %v", err)
	}
}

// The seal never stands alone on a sheet, however long the text before it is.
func TestSealIsNeverAlone(t *testing.T) {
	r := newRenderer(t)
	page := samples(t)["removal-decision"]
	for n := 0; n < 40; n += 3 {
		grown := page
		grown.Blocks = nil
		for _, b := range page.Blocks {
			if _, ok := b.(document.Signature); ok {
				for range n {
					grown.Blocks = append(grown.Blocks, document.Paragraph{Text: "经核实。"})
				}
			}
			grown.Blocks = append(grown.Blocks, b)
		}
		s := newSetter(r.faces)
		var sealed document.SealPlace
		places, err := s.layOut(grown, &sealed)
		if err != nil {
			t.Fatal(err)
		}
		if last := len(places) - 1; places[last].sheet != places[last-1].sheet {
			t.Fatalf("with %d lines more the seal stands alone", n)
		}
	}
}

func TestLongNamesStayOnThePaper(t *testing.T) {
	r := newRenderer(t)
	page := samples(t)["conclusion"]
	for _, name := range []string{"局", strings.Repeat("长", 20), strings.Repeat("长", 60)} {
		long := page
		long.Authority = name
		long.Blocks = []document.Block{document.Letterhead{Text: name}, document.Title{Text: strings.Repeat("标题", 30)},
			document.Signature{Authority: name, Date: "2019年12月31日"}}
		path := writePDF(t, "long", first(t, r, long))
		// Whatever pokes out of the sheet is cut off by a crop to the sheet less 15 mm.
		text := run(t, "pdftotext", "-raw", "-x", "42", "-y", "0", "-W", "511", "-H", "842", path, "-")
		if got, want := strings.Count(text, "长"), 2*strings.Count(name, "长"); got != want {
			t.Errorf("%d of %d characters of the name lie within the margins", got, want)
		}
	}
}

func first(t *testing.T, r *Renderer, page document.Page) []byte {
	t.Helper()
	out, err := r.Render(page)
	if err != nil {
		t.Fatal(err)
	}
	return out.PDF
}

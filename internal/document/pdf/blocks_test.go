package pdf

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nianbao/internal/document"
)

// near compares lengths in millimetres.
func near(a, b float64) bool { return math.Abs(a-b) < 1e-6 }

func TestTableRowsGrowWithTheirText(t *testing.T) {
	s := newSetter(testFaces(t))
	s.tightness = 1
	perLine := int((measure - labelWidth - 2*cellPadding) / cellStyle.em())
	for name, tc := range map[string]struct {
		row   document.Row
		lines int
	}{
		"short":            {document.Row{Label: "单位名称", Value: "试验市向阳社会工作服务中心"}, 1},
		"empty":            {document.Row{}, 1},
		"fits exactly":     {document.Row{Value: strings.Repeat("甲", perLine)}, 1},
		"one too many":     {document.Row{Value: strings.Repeat("甲", perLine+1)}, 2},
		"long label":       {document.Row{Label: strings.Repeat("标", 20), Value: "甲"}, 3},
		"value of 5 lines": {document.Row{Value: strings.Repeat("甲", 4*perLine+1)}, 5},
	} {
		items, err := s.table(document.Table{Rows: []document.Row{tc.row}})
		if err != nil {
			t.Fatal(err)
		}
		if want := cellLeast + float64(tc.lines-1)*cellLeading; !near(items[0].height, want) {
			t.Errorf("%s: %.2f mm, want %.2f", name, items[0].height, want)
		}
	}
	s.tightness = 0.88
	items, err := s.table(document.Table{Rows: []document.Row{{Value: "甲"}, {Value: strings.Repeat("甲", 3*perLine)}}})
	if err != nil {
		t.Fatal(err)
	}
	if !near(items[0].height, 0.88*cellLeast) || !near(items[1].height, 0.88*cellLeast+2*cellLeading) {
		t.Errorf("tight rows of %.2f and %.2f mm: only white may shrink", items[0].height, items[1].height)
	}
}

// The first two rows of a table stay together, and the last two.
func TestTablesDoNotLeaveARowAlone(t *testing.T) {
	s := newSetter(testFaces(t))
	s.tightness = 1
	for rows, want := range map[int][]bool{
		0: {false}, 1: {false, false}, 2: {true, false, false}, 3: {true, true, false, false}, 5: {true, false, false, true, false, false},
	} {
		items, err := s.table(document.Table{Rows: make([]document.Row, rows)})
		if err != nil {
			t.Fatal(err)
		}
		var keep []bool
		for _, it := range items {
			keep = append(keep, it.keep)
		}
		if diff := cmp.Diff(want, keep); diff != "" {
			t.Errorf("%d rows (-want +got):\n%s", rows, diff)
		}
	}
}

// A paragraph leaves no single line at the end or the top of a sheet; what
// heads something stays with it.
func TestLinesThatStayTogether(t *testing.T) {
	s := newSetter(testFaces(t))
	s.tightness = 1
	perLine := int(measure / bodyStyle.em())
	text := func(lines int) string { return strings.Repeat("甲", lines*perLine-2) } // less the indent
	for name, tc := range map[string]struct {
		block document.Block
		want  []bool
	}{
		"one line":          {document.Paragraph{Text: text(1)}, []bool{false}},
		"two lines":         {document.Paragraph{Text: text(2)}, []bool{true, false}},
		"three lines":       {document.Paragraph{Text: text(3)}, []bool{true, true, false}},
		"five lines":        {document.Paragraph{Text: text(5)}, []bool{true, false, false, true, false}},
		"heading":           {document.Heading{Text: "一、情况"}, []bool{true}},
		"addressee, 2 rows": {document.Addressee{Text: text(2)}, []bool{true, true}},
		"title":             {document.Title{Text: "通知"}, []bool{true}},
		"nothing":           {document.Paragraph{}, nil},
	} {
		items, ok, err := s.textBlock(tc.block)
		if err != nil || !ok {
			t.Fatalf("%s: %v", name, err)
		}
		var keep []bool
		for _, it := range items {
			keep = append(keep, it.keep)
		}
		if diff := cmp.Diff(tc.want, keep); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if _, ok, _ := s.textBlock(document.Table{}); ok {
		t.Error("a table passes for text")
	}
}

func TestFirstLinesAreIndented(t *testing.T) {
	s := newSetter(testFaces(t))
	chars, err := s.set(strings.Repeat("甲", 25), bodyStyle)
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	for _, l := range wrap(chars, bodyStyle, 10*bodyStyle.em(), 2*bodyStyle.em()) {
		got = append(got, len(l.chars))
	}
	if diff := cmp.Diff([]int{8, 10, 7}, got); diff != "" {
		t.Errorf("characters of each line (-want +got):\n%s", diff)
	}
}

func TestMayBreak(t *testing.T) {
	for pair, want := range map[string]bool{
		"甲乙": true, "甲，": false, "，甲": true, "（甲": false, "甲（": true, "甲）": false, "）（": true, "年《": true, "《年": false,
		"8年": false, "年8": true, "8甲": true, "3个": false, "ab": false, "a甲": true, "甲a": true, "1,": false, "a ": true,
		"——": false, "……": false, "甲%": false, "甲々": false,
	} {
		r := []rune(pair)
		if got := mayBreak(r[0], r[1]); got != want {
			t.Errorf("a line may end between %c and %c: %t, want %t", r[0], r[1], got, want)
		}
	}
}

// A space at the end of a line hangs in the margin; a line that would have to
// be opened up too far stays ragged.
func TestSpacesAndRaggedLines(t *testing.T) {
	if diff := cmp.Diff([]string{"甲乙丙 ", "丁"}, wrapped(t, "甲乙丙 丁", 3)); diff != "" {
		t.Errorf("a space at the break (-want +got):\n%s", diff)
	}
	chars, err := newSetter(testFaces(t)).set("甲乙aaaaaaaaaaaa", bodyStyle)
	if err != nil {
		t.Fatal(err)
	}
	lines := wrap(chars, bodyStyle, 7*bodyStyle.em(), 0)
	if len(lines) != 2 || len(lines[0].chars) != 2 || lines[0].stretch != 0 {
		t.Errorf("a line of two characters in the width of seven is stretched by %v mm", lines[0].stretch)
	}
}

// boxes returns where the words of a sheet lie, in millimetres: left and right.
func boxes(t *testing.T, page document.Page) map[string][2]float64 {
	t.Helper()
	out := map[string][2]float64{}
	bbox := run(t, "pdftotext", "-bbox", writePDF(t, "boxes", first(t, newRenderer(t), page)), "-")
	for line := range strings.Lines(bbox) {
		var x1, y1, x2, y2 float64
		_, word, found := strings.Cut(line, "<word ")
		if !found {
			continue
		}
		numbers := strings.NewReplacer("xMin=", "", "yMin=", "", "xMax=", "", "yMax=", "", `"`, "", ">", " ", "<", " ").Replace(word)
		var text string
		if _, err := fmt.Sscan(numbers, &x1, &y1, &x2, &y2, &text); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		out[text] = [2]float64{x1 * mmPerPoint, x2 * mmPerPoint}
	}
	return out
}

func TestTextsLieWhereTheyBelong(t *testing.T) {
	page := simple("")
	page.Number = "试文1"
	page.Blocks = []document.Block{
		document.Letterhead{Text: strings.Repeat("长", 30)}, document.Reference{Text: "试民文号"}, document.Title{Text: "标题"},
		document.Addressee{Text: "收文单位"}, document.Paragraph{Text: "正文文字"}, document.Note{Text: "附注文字"},
		document.Table{Rows: []document.Row{{Label: "项目", Value: "内容文字"}}},
	}
	const tolerance = 0.2 // pdftotext rounds and measures boxes, not ink
	left, right := marginLeft, marginLeft+measure
	face := testFaces(t)[regular]
	digit := face.advance(face.glyph('1'))
	got := boxes(t, page)
	for word, want := range map[string][2]float64{
		"试民文号": {right - 4*referenceStyle.em(), right},
		"标题":   {(left+right)/2 - titleStyle.em(), (left+right)/2 + titleStyle.em()},
		"收文单位": {left, left + 4*bodyStyle.em()},
		"正文文字": {left + 2*bodyStyle.em(), left + 6*bodyStyle.em()},
		"附注文字": {left, left + 4*noteStyle.em()},
		"项目":   {left + labelWidth/2 - cellStyle.em(), left + labelWidth/2 + cellStyle.em()},
		"内容文字": {left + labelWidth + cellPadding, left + labelWidth + cellPadding + 4*cellStyle.em()},
		"试文1":  {left, left + (2+digit/1000)*footStyle.em()},
	} {
		box, found := got[word]
		if !found || math.Abs(box[0]-want[0]) > tolerance || math.Abs(box[1]-want[1]) > tolerance {
			t.Errorf("%s lies from %.2f to %.2f mm, want %.2f to %.2f", word, box[0], box[1], want[0], want[1])
		}
	}
	var ends []float64 // the name in the head is set with gaps: each character a word or more
	for word, box := range got {
		if strings.Contains(word, "长") {
			ends = append(ends, box[0], box[1])
		}
	}
	for _, x := range ends {
		if x < ruleLeft || x > ruleRight {
			t.Errorf("the name in the head pokes out to %.1f mm", x)
		}
	}
	if len(ends) == 0 {
		t.Error("no name in the head")
	}
}

// A stamp field has one column for the stamp, whatever the number of others.
func TestStampFields(t *testing.T) {
	for _, columns := range []int{1, 2, 4} {
		page := simple("")
		heads, cells := make([]string, columns), make([]string, columns)
		for i := range columns {
			heads[i], cells[i] = "栏目"+string(rune('甲'+i)), "内容"+string(rune('甲'+i))
		}
		page.Blocks = []document.Block{document.StampField{Heads: heads, Cells: cells, SealLabel: "年检专用", Date: "2019年4月2日"}}
		got := boxes(t, page)
		for i := range columns {
			if a, b := got[heads[i]], got[cells[i]]; a[1] == 0 || !(math.Abs(a[0]+a[1]-b[0]-b[1]) < 1) {
				t.Errorf("%d columns: head %d lies at %v, its cell at %v", columns, i+1, a, b)
			}
		}
		if date := got["2019年4月2日"]; date[1] > marginLeft+measure || date[0] < marginLeft+measure-66 {
			t.Errorf("%d columns: the date lies at %v", columns, date)
		}
	}
}

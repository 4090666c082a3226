package api_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"nianbao/cmd/nianbao/api"
)

const xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

func (w *world) sendWorkbook(i int, raw []byte, query, mediaType string) answer {
	w.t.Helper()
	return w.do(call{token: w.filer(i), method: http.MethodPost, path: "/reports/2018/workbook" + query, body: raw,
		header: http.Header{"Content-Type": {mediaType}}})
}

// edited is the organisation's workbook with some cells of the balance sheet changed.
func (w *world) edited(i int, cells map[string]any) []byte {
	w.t.Helper()
	a := w.get(w.filer(i), "/reports/2018/workbook?part=statements").want(http.StatusOK)
	f, err := excelize.OpenReader(bytes.NewReader(a.Body))
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	for cell, value := range cells {
		if err := f.SetCellValue("资产负债表", cell, value); err != nil {
			w.t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		w.t.Fatal(err)
	}
	return out.Bytes()
}

func TestWorkbook(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	raw := w.edited(0, map[string]any{"E6": 1234.5})
	seen := into[api.WorkbookReading](w.sendWorkbook(0, raw, "", xlsxType).want(http.StatusOK))
	if seen.Applied || !seen.Template || len(seen.Sheets) != 3 {
		t.Errorf("read %+v", seen)
	}
	var changed []string
	for _, c := range seen.Cells {
		if c.State == api.Changed {
			changed = append(changed, c.Sheet+" "+c.Cell+" "+c.Key+" "+c.Text)
		}
	}
	if len(changed) != 1 || changed[0] != "资产负债表 E6 bs_cash.closing 1234.5" {
		t.Errorf("changed %v", changed)
	}
	if a := w.get(w.filer(0), "/reports/2018/draft"); a.Header.Get("ETag") != `"0"` {
		t.Errorf("reading alone stored version %s", a.Header.Get("ETag"))
	}
	a := w.sendWorkbook(0, raw, "?apply=true", xlsxType).want(http.StatusOK)
	if !into[api.WorkbookReading](a).Applied || a.Header.Get("ETag") != `"1"` {
		t.Errorf("not applied: ETag %s", a.Header.Get("ETag"))
	}
	draft := w.get(w.filer(0), "/reports/2018/draft").want(http.StatusOK)
	if !bytes.Contains(draft.Body, []byte(`"bs_cash.closing": "1234.50"`)) {
		t.Errorf("the draft is %s", clipped(draft.Body))
	}
}

func TestWorkbookIsAppliedWhollyOrNotAtAll(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	bad := w.edited(0, map[string]any{"E6": 1, "E7": "很多"})
	p := w.sendWorkbook(0, bad, "?apply=true", xlsxType).refused(http.StatusUnprocessableEntity, "workbook_cells_refused")
	if p.Findings == nil || len(*p.Findings) != 1 || !strings.HasPrefix((*p.Findings)[0].Message, "资产负债表 E7：") {
		t.Errorf("findings %+v", p.Findings)
	}
	// Without apply the same file is told of, not refused.
	w.sendWorkbook(0, bad, "", xlsxType).want(http.StatusOK)

	mine := w.edited(0, map[string]any{"E6": 1})
	w.putDraft(0, `{"values":{"bs_cash.closing":"2.00"}}`, "").want(http.StatusOK)
	p = w.sendWorkbook(0, mine, "?apply=true", xlsxType).refused(http.StatusConflict, "workbook_conflict")
	if p.Findings == nil || len(*p.Findings) != 1 || (*p.Findings)[0].Keys[0] != "bs_cash.closing" {
		t.Errorf("findings %+v", p.Findings)
	}
	if a := w.get(w.filer(0), "/reports/2018/draft"); a.Header.Get("ETag") != `"1"` {
		t.Errorf("a refused workbook stored version %s", a.Header.Get("ETag"))
	}
}

func TestWorkbookRefusals(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	w.sendWorkbook(0, []byte("{}"), "", "application/json").refused(http.StatusUnsupportedMediaType, "unsupported_media_type")
	w.sendWorkbook(0, []byte("姓名,工资\n甲,1\n"), "", "text/csv").refused(http.StatusUnprocessableEntity, "workbook_nothing_found")
	w.sendWorkbook(0, make([]byte, 5<<20+1), "", xlsxType).refused(http.StatusRequestEntityTooLarge, "workbook_too_large")
	w.sendWorkbook(1, w.edited(0, nil), "", xlsxType).refused(http.StatusUnprocessableEntity, "workbook_wrong_template")
	w.get(w.filer(0), "/reports/2018/workbook?part=half").refused(http.StatusBadRequest, "bad_parameter")
	w.get(w.filer(0), "/reports/2011/workbook").refused(http.StatusNotFound, "not_found")
	csv := "资产负债表,单位：千元\n项目,行次,期末数\n货币资金,1,\"1,234.5\"\n"
	read := into[api.WorkbookReading](w.sendWorkbook(0, []byte(csv), "?apply=true", "text/csv").want(http.StatusOK))
	if read.Template || len(read.Notices) == 0 || read.Cells[0].State != api.Changed {
		t.Errorf("read %+v", read)
	}
	w.submitted(1)
	w.sendWorkbook(1, w.edited(1, map[string]any{"E6": 1}), "?apply=true", xlsxType).refused(http.StatusConflict, "already_submitted")
}

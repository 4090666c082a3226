package workday

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func noticeAddresses(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("data/notices.csv")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestParseDays(t *testing.T) {
	want := []Day{
		{Date: mustDate(t, "2027-01-01"), Kind: KindOff, Festival: "元旦", NoticeYear: 2027},
		{Date: mustDate(t, "2026-12-27"), Kind: KindWork, NoticeYear: 2027},
	}
	for name, in := range map[string]string{
		"plain":         "date,kind,festival,notice_year\n2027-01-01,off,元旦,2027\n2026-12-27,work,,2027\n",
		"byte mark":     "\ufeffdate,kind,festival,notice_year\r\n2027-01-01,off, 元旦 ,2027\r\n2026-12-27,work,,2027",
		"other order":   "notice_year,festival,kind,date\n2027,元旦,off,2027-01-01\n2027,,work,2026-12-27\n",
		"blank lines":   "date,kind,festival,notice_year\n\n2027-01-01,off,元旦,2027\n\n2026-12-27,work,,2027\n\n",
		"quoted fields": "\"date\",kind,festival,notice_year\n\"2027-01-01\",off,\"元旦\",2027\n2026-12-27,work,\"\",2027\n",
	} {
		got, err := ParseDays(strings.NewReader(in))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestParseDaysNamesRowAndField(t *testing.T) {
	const header = "date,kind,festival,notice_year\n"
	tests := []struct {
		name, in, field string
		row             int
	}{
		{"empty", "", "", 1},
		{"column missing", "date,kind,festival\n", "notice_year", 1},
		{"column unknown", "date,kind,festival,notice_year,remark\n", "remark", 1},
		{"column twice", "date,kind,festival,notice_year,date\n", "", 1},
		{"not UTF-8", "date,kind,festival,notice_year\n2027-01-01,off,\xd4\xaa\xb5\xa9,2027\n", "", 1},
		{"bad date", header + "2027-01-01,off,元旦,2027\n2027-02-30,off,元旦,2027\n", "date", 3},
		{"bad kind", header + "2027-01-01,free,元旦,2027\n", "kind", 2},
		{"bad year", header + "2027-01-01,off,元旦,next\n", "notice_year", 2},
		{"year far off", header + "2027-01-01,off,元旦,2017\n", "notice_year", 2},
		{"name too long", header + "2027-01-01,off," + strings.Repeat("元", 51) + ",2027\n", "festival", 2},
		{"control character", header + "2027-01-01,off,元\x01旦,2027\n", "festival", 2},
		{"date twice", header + "2027-01-01,off,元旦,2027\n\n2027-01-01,work,元旦,2027\n", "date", 4},
		{"too few fields", header + "2027-01-01,off\n", "", 2},
		{"stray quote", header + "2027-01-01,off,元\"旦,2027\n", "", 2},
	}
	for _, tt := range tests {
		_, err := ParseDays(strings.NewReader(tt.in))
		var rowErr *RowError
		if !errors.As(err, &rowErr) {
			t.Errorf("%s: %v, want a *RowError", tt.name, err)
			continue
		}
		if rowErr.Row != tt.row || rowErr.Field != tt.field || rowErr.Reason == "" {
			t.Errorf("%s: %v, want row %d field %q", tt.name, rowErr, tt.row, tt.field)
		}
	}
}

func TestParseDaysRefusesAHugeFile(t *testing.T) {
	_, err := ParseDays(bytes.NewReader(bytes.Repeat([]byte("\n"), maxCalendarBytes+1)))
	var rowErr *RowError
	if !errors.As(err, &rowErr) {
		t.Errorf("a huge file gives %v", err)
	}
}

// FuzzParseDays: whatever is taken can be put into a calendar, and each day
// then answers as its row says.
func FuzzParseDays(f *testing.F) {
	f.Add([]byte("date,kind,festival,notice_year\n2027-01-01,off,元旦,2027\n"))
	f.Add([]byte("\ufeffnotice_year,festival,kind,date\r\n2027,,work,2026-12-27\r\n"))
	f.Add([]byte("date,kind,festival,notice_year\n\"2027-01-01\n"))
	f.Add(holidays[:400])
	f.Fuzz(func(t *testing.T, raw []byte) {
		days, err := ParseDays(bytes.NewReader(raw))
		if err != nil {
			return
		}
		calendar, err := Builtin().With(days)
		if err != nil {
			t.Fatalf("parsed, but not taken: %v", err)
		}
		for _, day := range days {
			if calendar.IsWorking(day.Date) != (day.Kind == KindWork) || calendar.Provisional(day.Date) {
				t.Fatalf("the calendar does not follow %+v", day)
			}
		}
	})
}

func BenchmarkDue(b *testing.B) {
	from := mustDate(b, "2026-02-10")
	for b.Loop() {
		Builtin().Due(from, 10)
	}
}

package workbook_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/xuri/excelize/v2"

	"nianbao/filing/form"
	"nianbao/filing/workbook"
	"nianbao/internal/workday"
)

// formOf is one of the program's forms.
func formOf(t testing.TB, code string) *form.Form {
	t.Helper()
	set, err := form.Default()
	if err != nil {
		t.Fatal(err)
	}
	f, err := set.Form(code)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

var codes = []string{"association-2004", "service-2004", "foundation-2004"}

const uscc = "52440104MJL9876586"

// sample is a complete report of the form.
func sample(t testing.TB, code string, seed uint64, c form.Context) workbook.Report {
	t.Helper()
	f := formOf(t, code)
	values := f.Sample(form.SampleOptions{Organisation: form.Organisation{USCC: uscc, Name: "试验服务社"}, Year: 2018, Seed: seed,
		OpensOn: workday.NewDate(2019, 1, 14), Context: c})
	return workbook.Report{Form: f, Context: c, Year: 2018, USCC: uscc, Name: "试验服务社", Values: values}
}

func written(t testing.TB, r workbook.Report, part workbook.Part) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := workbook.Write(&out, r, part); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func reread(t testing.TB, raw []byte, r workbook.Report) *workbook.Reading {
	t.Helper()
	reading, err := workbook.Read(raw, r)
	if err != nil {
		t.Fatal(err)
	}
	return reading
}

// changed opens a workbook, changes it and gives it back.
func changed(t testing.TB, raw []byte, change func(*excelize.File)) []byte {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	change(f)
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// For every form, a report written into a workbook is read back as the same
// values, also after a workbook program saved it, and nothing counts as changed.
func TestRoundTrip(t *testing.T) {
	for _, code := range codes {
		for seed := range uint64(2) {
			c := form.Context{PartySection: seed == 0, FirstYear: seed == 1}
			t.Run(fmt.Sprintf("%s/%d", code, seed), func(t *testing.T) {
				r := sample(t, code, seed, c)
				raw := written(t, r, workbook.All)
				for name, file := range map[string][]byte{"as written": raw, "saved again": changed(t, raw, func(*excelize.File) {})} {
					reading := reread(t, file, r)
					if !reading.Template || len(reading.Problems()) > 0 || len(reading.Notices) > 0 {
						t.Fatalf("%s: problems %+v, notices %v", name, reading.Problems(), reading.Notices)
					}
					got := r.Form.Calculate(reading.Values)
					if diff := cmp.Diff(r.Values, got, cmpopts.EquateEmpty()); diff != "" {
						t.Errorf("%s: -sample +read:\n%s", name, diff)
					}
					if d := reading.Compare(r.Form, r.Values); len(d) > 0 {
						t.Errorf("%s: %d differences to what was written, the first %+v", name, len(d), d[0])
					}
				}
			})
		}
	}
}
